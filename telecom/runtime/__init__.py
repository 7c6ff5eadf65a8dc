"""What every daemon here shares: configuration files, logging, running until told to stop."""
