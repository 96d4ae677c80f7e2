"""The regression that is penalised for unequal mean scores of groups: the estimator, and the loss it minimises."""
