"""Octets as a tree of what they mean: SMPP, M3UA, SCCP, TCAP, MAP and short messages."""
