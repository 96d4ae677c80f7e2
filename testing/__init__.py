"""Real parts, lenders and copies of the project, for what tests and measures both need."""
