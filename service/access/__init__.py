"""Who may do what: keys and their roles, wrong keys, and the hosts that requests may name."""
