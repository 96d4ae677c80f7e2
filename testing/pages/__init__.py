"""The pages of documentation: walks through them, and their pictures."""
