"""How often the gate is wrong, and how many people it takes to decide."""
