"""Feature selection: the columns that a model may see, and how well they guess protected attributes."""
