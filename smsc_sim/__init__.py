"""A simulated SMSC: scripted behaviour for testing ESMEs, with no network behind it."""
