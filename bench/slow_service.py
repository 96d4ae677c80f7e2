"""The service with a model that takes as many seconds for a score as BENCH_SCORE_SECONDS says: `serve`, no more."""

import functools
import os
import time
from typing import Any

from service.commands.serve import run
from service.engine.live_version import LiveVersion


def slow_down(seconds: float) -> None:
    """Let every score of a model take so many seconds, in which it does nothing."""
    decide = LiveVersion.decide

    @functools.wraps(decide)
    def decide_slowly(*arguments: Any) -> Any:
        time.sleep(seconds)
        return decide(*arguments)

    LiveVersion.decide = decide_slowly  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    slow_down(float(os.environ["BENCH_SCORE_SECONDS"]))
    run([])
