"""The challenger's own process: applications come in, and what it would have decided about them goes into the log.

A process of its own, so that the interpreter that answers applicants never waits for it, whatever it does to its memory
or its time. It ends with the pipe from which it reads, however the service ended.

A line is a list of applications, or whether the database may be used: then the decisions are written and counted.

It decides with the lowest priority, and writes with that of the service: who holds the lock of a database must not wait
for the processor, because decisions would wait with it.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO

from pydantic_core import from_json, to_json

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.decision_log.database import Database
from credit.decision_log.shadows.logged_decider import LoggedDecider
from credit.decision_log.shadows.recording import ShadowLog
from credit.registry.challenges import Challenge
from service.shadow.recorder import AnsweredApplication, ShadowRecorder, decide_application

READY = b"ready\n"
_NICENESS = 19
"""Of deciding: it gets what the service leaves of the processor. Where that is not enough, shadows are dropped."""

_PARENT_SECONDS = 1.0


def main() -> None:
    """Load the bundle that the first line names, say that it is ready, and go on until nothing comes any more."""
    answers = _take_output()
    _end_with_parent(os.getppid())
    writer = _lower_priority()
    folder, database, spool, challenge = from_json(sys.stdin.buffer.readline())
    bundle = load_bundle(Path(folder))
    check_examples(bundle, Path(folder))  # which warms it too
    decide = partial(decide_application, LoggedDecider(bundle))
    log = ShadowLog(_open(database, flushes=False), _open(spool))
    recorder = ShadowRecorder(log, Challenge.parse(challenge.encode(), "the challenge"), decide)
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        content = from_json(line)
        if isinstance(content, bool):
            answers.write(to_json(writer.submit(recorder.write, content).result()) + b"\n")
            answers.flush()
        else:
            recorder.decide(AnsweredApplication(*one) for one in content)


def _lower_priority() -> ThreadPoolExecutor:
    """Lower the priority of this thread, and of those it starts; returns one that has the priority of before.

    In Linux a thread has a priority of its own; elsewhere all of them get the lower one.
    """
    writer = ThreadPoolExecutor(1, "writer")
    writer.submit(threading.get_ident).result()  # which starts its thread
    os.nice(_NICENESS)
    return writer


def _open(url: str, flushes: bool = True) -> Database:
    """Open a database that the service has prepared; one whose file is replaced is not written to."""
    database = Database(url, flushes=flushes)
    database.file.remember()
    return database


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
    main()
