"""Routes that look into the log or add to it: look-ups, lists, outcomes, reviews."""
