"""A model that fails beyond its budget: who else decides the same applicants, in words, and for people on call."""
