"""TCAP, ITU-T Q.771 to Q.775, without I/O."""
