"""What the network begins: messages from end users, and alerts."""
