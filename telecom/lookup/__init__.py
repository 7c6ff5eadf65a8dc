"""Number lookup: what an SRI-SM's outcome says of a number."""
