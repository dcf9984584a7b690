"""One module for each thing outside: STS, the table, the secret, the log."""
