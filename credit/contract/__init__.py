"""The contract: what the data is, and who may see it."""

from credit.contract.contract import Contract, DataSource, load_contract

__all__ = ["Contract", "DataSource", "load_contract"]
