"""The questions of a draft: what is asked in which order, and the answers of a person."""
