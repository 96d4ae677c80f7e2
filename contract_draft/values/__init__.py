"""The values of a file: how they are written, of which type they are, and what stands out among them."""
