"""One file per stage, in the order of dvc.yaml. Run one with `python -m stages.<name>`."""

import sys

from credit.errors import end_on_interrupt

if sys.argv[:1] == ["-m"]:  # a stage starts: loading libraries takes seconds, in which Ctrl-C would print a traceback
    end_on_interrupt()
