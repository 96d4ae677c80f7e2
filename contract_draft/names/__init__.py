"""The maintained lists of words by which names and levels of a file are known, in several languages."""
