"""Conformance: named cases, each with its clause of a specification, run against any peer."""
