"""SMPP servers that answer submit_sm at once, each run as a process of its own.

Each takes the port to listen on as its argument, prints a line once it listens, and ends on
SIGTERM.
"""
