"""The contract: columns, their types and roles, and who may see them."""

from credit.contract.contract import Contract, DataSource, load_contract

__all__ = ["Contract", "DataSource", "load_contract"]
