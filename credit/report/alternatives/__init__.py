"""The search for a less discriminatory alternative: its points in words and in a picture."""
