"""The ESMEs of a node: their sessions, outbind, and what they are delivered."""
