"""Files of applications, of any size, decided by a version as the API decides them."""
