"""What the broker believes: values and rules, without I/O, clock or framework."""
