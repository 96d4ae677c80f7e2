"""The document that a draft is: its entries, the notes above them, and the text."""
