"""End a worker with the process that started it, however that ended: nobody could stop or replace it any more."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable


def end_with_parent() -> None:
    """Start a thread that ends a worker, by SIGTERM, with the process that started it; at once if that has ended.

    A service of one worker is started by nobody of its own, and nothing is done.

    The parent is the one that `multiprocessing` knows from the beginning. The system's answer may come too late: an
    orphan that was slow to start would watch the process that it was handed to.
    """
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_wait_for_end, args=(parent.join,), name="parent", daemon=True).start()


def _wait_for_end(join: Callable[[], None]) -> None:
    join()
    os.kill(os.getpid(), signal.SIGTERM)
