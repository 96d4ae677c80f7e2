"""Evidence for an examiner: what is asked for, clause by clause, with files that prove it."""
