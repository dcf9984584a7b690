"""The broker's HTTP face: routes, their models, and every failure as a problem."""
