"""The decision service: serves the live version, follows the ledger, keeps the rule as fallback and logs decisions."""
