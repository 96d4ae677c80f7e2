"""The log of the process: what happened to the service, and nothing about applicants."""

import logging
import traceback
from types import TracebackType

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class DiscreetFormatter(logging.Formatter):
    """Of an exception, its type and where it came from; its message may repeat what an applicant wrote."""

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's name
        """The lines of a traceback without what was said."""
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        return "\n".join([kind.__name__ if kind else "", *lines])


def configure_logging() -> None:
    """Write to standard error, a line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
