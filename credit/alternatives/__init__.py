"""The search for a less discriminatory alternative: variants of models, their figures, the choice among them."""
