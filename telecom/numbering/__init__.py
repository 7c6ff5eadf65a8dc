"""E.164, E.212, E.214: who owns a number, an IMSI, a global title."""
