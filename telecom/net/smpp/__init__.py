"""SMPP connections: server, client, TLS."""
