"""Processes that follow the log: until they are told to end, with their figures at an address."""
