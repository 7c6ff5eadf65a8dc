"""SMPP without I/O."""
