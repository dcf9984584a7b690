"""What the terminal remembers between two commands, in files of one person's own."""
