"""MAP short message services, 3GPP TS 29.002, without I/O."""
