"""How the questions of a draft are asked: on a terminal, in a file, as JSON."""
