"""What became of the people who were approved, by month of decision and at equal age."""
