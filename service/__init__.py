"""The decision service: serves the live version, follows the ledger, keeps the rule beside it and logs what it says."""
