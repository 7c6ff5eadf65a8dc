"""What its owner may ask about a stored message, and do to it."""
