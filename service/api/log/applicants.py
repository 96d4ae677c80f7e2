"""Applicants' references: hashed before anything else sees them."""

from collections.abc import Sequence

from credit.common.errors import CreditError, Problem
from credit.decision_log.people.applicants import hash_reference
from service.engine.requests import ApplicationRequest
from service.settings import Settings


def hash_applicants(settings: Settings, asked: Sequence[ApplicationRequest]) -> list[ApplicationRequest]:
    """Replace the references in applications by their hashes. Raises CreditError when this deployment has no key."""
    if all(one.applicant is None for one in asked):
        return list(asked)
    if settings.applicant_key is None:
        raise CreditError(Problem("applicant", "a reference", "none: this deployment has no key to hash it by"))
    key = settings.applicant_key.get_secret_value()
    return [
        one if one.applicant is None else one._replace(applicant=hash_reference(key, one.applicant)) for one in asked
    ]
