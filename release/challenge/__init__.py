"""Let a version decide beside the live one, for nobody, and judge it by what it would have decided."""
