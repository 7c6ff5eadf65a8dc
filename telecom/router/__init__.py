"""Decisions without I/O: routes, admission, rate limits, the GT rule, retries."""
