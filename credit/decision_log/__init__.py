"""The decision log: what was decided for whom, why and by what, written durably before anybody is answered."""
