"""Train the candidates and score with them."""
