"""M3UA, RFC 4666, without I/O."""
