"""End a worker with the process that started it, however that ended: nobody could stop or replace it any more."""

import os
import signal
import threading
import time


def end_with_parent() -> None:
    """Start a thread that ends this process, by SIGTERM, within a second of its parent."""
    threading.Thread(target=_watch_parent, args=(os.getppid(),), name="parent", daemon=True).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
