"""The questions of a draft, in the order in which they matter, and the answers of a person."""
