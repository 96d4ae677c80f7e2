"""The contract: what the data is, and who may see it."""

from credit.contract.contract import Contract, Source, load_contract

__all__ = ["Contract", "Source", "load_contract"]
