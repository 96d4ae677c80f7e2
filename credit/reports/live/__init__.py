"""What running processes say to each other, as models."""
