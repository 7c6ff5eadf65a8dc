"""From what an ESME submits to a message that is stored."""
