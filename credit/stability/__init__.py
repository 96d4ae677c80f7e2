"""The stability of the verdict: how it moves with the seed of the folds, and whether it is about the shipped model."""
