"""Who may come in: accounts, passwords, binds, and who is locked out."""
