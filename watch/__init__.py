"""Watching over live decisions: unequal treatment judged with a guarantee, from the decision log alone."""
