"""The registry: the store, the published versions in it, and the ledger of live ones. Read by the service."""
