"""SMPP clients that submit as fast as they can, each run as a process of its own.

Each takes the port to connect to and the seconds to submit for as its arguments, and prints what
came of it as one JSON line: messages that were accepted, seconds, and seconds of processor time.
Of each, as many messages are under way as the window has room for.
"""
