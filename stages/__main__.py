"""Run one stage of the pipeline with the paths that dvc.yaml gives it; `python -m stages NAME --help` says which."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from credit.common.errors import exit_on_interrupt, run_command
from credit.common.garbage import collect_rarely

STAGES = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def main() -> None:
    """Import the stage and run it. Its libraries take seconds to load, during which Ctrl-C must work already."""
    parser = argparse.ArgumentParser(prog="python -m stages", description=__doc__, epilog="Run by `dvc repro`.")
    parser.add_argument("stage", choices=STAGES, metavar="NAME", help=", ".join(STAGES))
    name = parser.parse_args(sys.argv[1:2]).stage
    sys.argv = [f"python -m stages {name}", *sys.argv[2:]]
    collect_rarely()
    import_module(f"stages.{name}").main()


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
