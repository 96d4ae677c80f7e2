"""The contract: columns, their types and roles, and who may see them."""

from credit.contract.contract import Contract, DataSource
from credit.contract.loading import load_contract

__all__ = ["Contract", "DataSource", "load_contract"]
