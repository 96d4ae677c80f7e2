"""Let a version decide beside the live one, for nobody or about a share, and judge it by what it decides."""
