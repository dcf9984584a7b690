"""What the terminal stores between two commands, in files of one person's own."""
