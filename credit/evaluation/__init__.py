"""Quality of the candidates, with intervals, and its gates."""
