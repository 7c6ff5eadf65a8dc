"""Conformance of SMPP peers, 3.4 and 5.0: an SMSC under test, or an ESME."""
