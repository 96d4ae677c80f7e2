"""Casts by the contract, as SQL: raw values become typed ones or fail, and are never rounded or guessed."""
