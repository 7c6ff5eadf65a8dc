"""The service: SMPP in, SS7 out, every piece put together."""
