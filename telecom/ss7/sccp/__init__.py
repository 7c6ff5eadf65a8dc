"""SCCP connectionless, ITU-T Q.711 to Q.714, without I/O."""
