"""The `telecom` command."""
