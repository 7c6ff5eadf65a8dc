"""SS7 without I/O: M3UA, SCCP, TCAP and MAP, one package a layer, joined by `stack`."""
