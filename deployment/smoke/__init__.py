"""Checks a deployment as a person meets it, and as its operator: ``make smoke``."""
