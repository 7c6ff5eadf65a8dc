"""What is sold, when it is charged, and what a client owes: no I/O."""
