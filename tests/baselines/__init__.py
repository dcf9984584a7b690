"""What the broker is measured against: the least that could do the same, and AWS."""
