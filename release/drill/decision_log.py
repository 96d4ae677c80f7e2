"""Check the decision log of the service, where this machine can read it."""

from typing import NamedTuple

from credit.common.errors import CreditError
from credit.decision_log.integrity.findings import describe_report
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.locate import has_log, locate_in_environment, open_read_only
from credit.registry.store import Store


class LogCheck(NamedTuple):
    """A check of the log: how many rows are not as they were written, and all of it in words."""

    found: int
    words: list[str]


def check_decision_log(store: Store) -> LogCheck:
    """Verify the log that SERVICE_DATABASE_URL or SERVICE_STATE names against the checkpoints in the store."""
    url, state = locate_in_environment()
    if not has_log(url, state):
        return LogCheck(0, ["decision log: not checked, neither SERVICE_DATABASE_URL nor SERVICE_STATE names one here"])
    try:
        with open_read_only(url, state, patient=True) as databases:
            reports = verify_databases(databases, store)
    except CreditError as error:
        return LogCheck(1, [f"decision log: cannot be checked: {error}"])
    findings = [f"decision log: {finding}" for one in reports for finding in one.findings]
    return LogCheck(sum(one.found for one in reports), [*findings, *map(describe_report, reports)])
