"""Configure the log of the process: events of the service, and nothing about applicants."""

import logging
import traceback
from types import TracebackType

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class DiscreetFormatter(logging.Formatter):
    """Formats an exception as its type and place; its message may repeat what an applicant wrote."""

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's name
        """Format a traceback without the exception's message."""
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        return "\n".join([kind.__name__ if kind else "", *lines])


def configure_logging() -> None:
    """Send the log to standard error, one line per event."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
