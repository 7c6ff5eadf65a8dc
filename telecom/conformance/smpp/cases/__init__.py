"""The cases, by the kind of peer that is under test."""
