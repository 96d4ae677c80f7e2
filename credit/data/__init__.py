"""How the rows are read, cast, checked and split."""
