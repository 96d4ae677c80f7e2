"""The check before the first row is read: all that any stage would refuse of contract and parameters, at once."""
