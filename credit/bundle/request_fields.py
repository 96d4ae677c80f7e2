"""The fields of a request: what clients may send to a version, and what they must."""

from credit.bundle.bundle import Bundle
from credit.contract.columns import Column


def list_request_columns(bundle: Bundle) -> dict[str, Column]:
    """List the columns that a request may have: those that the model and the rule need, which it must have, and others.

    Others that the contract lets a model see, or compute from, are taken too, checked and logged, so that a client who
    sends whole applications is answered by whatever version is live: a rollback must not lose a request.
    """
    needed, inputs = set(bundle.inputs), bundle.contract.inputs
    return {name: column for name, column in bundle.contract.raw.items() if name in needed or name in inputs}
