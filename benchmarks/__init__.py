"""What the product costs, as ratios against something bare in the same run.

Nothing is asserted: a machine that does something else at the time measures that. Each
line is a median; the two sides of a ratio take turns, so that both meet the same load.
"""
