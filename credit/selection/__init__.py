"""Which columns a model may see, and how well they guess protected attributes."""
