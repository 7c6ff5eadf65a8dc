"""Measurements: each module prints what it measured, and beside what."""
