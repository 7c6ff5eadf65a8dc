"""Other SMSCs that take messages for us, over SMPP."""
