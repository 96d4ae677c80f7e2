"""Keep one connection, or very many, from taking the service away from the others."""
