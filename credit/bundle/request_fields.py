"""The fields of a request: what clients may send to a version, and what they must."""

from credit.bundle.bundle import Bundle
from credit.contract.columns import Column


def list_request_columns(bundle: Bundle) -> dict[str, Column]:
    """List the columns that a request may have: those that the model and the rule need, which it must have, and others.

    Others that the contract lets a model see are taken too, checked and logged, so that a client who sends whole
    applications is answered by whatever version is live: a rollback must not lose a request.
    """
    needed = set(bundle.inputs)
    return {n: c for n, c in bundle.contract.raw.items() if n in needed or c.role in ("feature", "score")}
