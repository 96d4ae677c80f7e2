"""The candidates, a file each. One more is its file here, its block in params.yaml, and its name in the list there."""
