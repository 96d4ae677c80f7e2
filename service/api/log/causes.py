"""Say why the decision log cannot be used as it should, as what it is, and in words that name no path."""

from credit.decision_log.log import DRAINING

_CAUSES = (
    ("disk is full", "the disk of {log} is full"),
    ("No space left", "the disk of {log} is full"),
    ("disk I/O error", "the disk of {log} fails, or is full"),
    ("read-only", "{log} is read-only"),
    ("readonly", "{log} is read-only"),
    (
        "its tables are not of revision",
        "the tables of {log} are newer than this service",
    ),
    ("its file was removed", "the file of {log} was removed or replaced"),
    (DRAINING, "{log} answers, and gets the decisions that are in the spool"),
    ("unable to open", "{log} cannot be opened"),
    ("cannot be used", "{log} cannot be used; the service's own log says why"),
)


def describe_cause(problem: str, log: str = "the database of the decision log") -> str:
    """Describe a problem that a database gave, of the log or of its spool."""
    return next((said for mark, said in _CAUSES if mark in problem), "{log} does not answer").format(log=log)
