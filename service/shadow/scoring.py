"""The challenger's own process: applications come in, a batch in each line, and what it decides about them goes out.

A process of its own, so that the interpreter that answers applicants never waits for it, whatever it does to its memory
or its time. It ends with the pipe from which it reads, however the service ended.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from pydantic_core import from_json, to_json

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.logged_applications import LoggedDecider
from credit.common.errors import CreditError
from credit.scoring.row_encoder import ApplicationRow

READY = b"ready\n"
_NICENESS = 19
"""It gets what the service leaves of the processor: where that is not enough, shadows are dropped, and nobody waits."""

_PARENT_SECONDS = 1.0


def main(folder: str) -> None:
    """Load the bundle in a folder, say that it is ready, and decide until nothing comes any more."""
    answers = _take_output()
    os.nice(_NICENESS)
    _end_with_parent(os.getppid())
    bundle = load_bundle(Path(folder))
    check_examples(bundle, Path(folder))  # which warms it too
    decider = LoggedDecider(bundle)
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        answers.write(to_json([decide_application(decider, one) for one in from_json(line)]) + b"\n")
        answers.flush()


def decide_application(decider: LoggedDecider, inputs: ApplicationRow) -> list[Any]:
    """Decide one: decision, score, who decided, why the rule did, and whether the model failed at it."""
    failures: list[Exception | None] = []
    try:
        decided = decider.decide(inputs, note_failure=failures.append)
    except CreditError:  # whose words repeat what the applicant wrote
        return [None, None, None, "its contract refuses a value", True]
    except Exception as error:  # noqa: BLE001 - the next application is decided all the same
        return [None, None, None, f"it failed ({type(error).__name__})", True]
    decision, because = decided
    return [decision.decision, float(decision.score), decision.decided_by, because, bool(failures)]


def _take_output() -> IO[bytes]:
    """Take the pipe for answers alone: whatever a library prints goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _end_with_parent(parent: int) -> None:
    """End when the service does, also while a model is at an application for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
