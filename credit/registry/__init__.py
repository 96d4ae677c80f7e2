"""What is released and what is live: the store, the published versions in it, and the ledger. Read by the service."""
