"""A short message, whoever carries it: 3GPP TS 23.040 and 23.038."""
