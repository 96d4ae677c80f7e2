"""Run one stage of the pipeline with the paths that dvc.yaml gives it; `python -m stages NAME --help` says which."""

from collections.abc import Sequence
from pathlib import Path

from credit.common import cli
from credit.common.errors import exit_on_interrupt, run_command
from credit.common.garbage import collect_rarely
from credit.common.parallel import keep_blas_to_one_thread
from credit.stage_seconds import record_seconds


def list_stages() -> dict[str, str]:
    """List the stages, which are the files of this folder, each with the first line of its docstring."""
    files = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return {file.stem: _read_first_line(file).strip().strip('"').rstrip(".") for file in files}


def _read_first_line(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return lines.readline()


def main(arguments: Sequence[str] | None = None) -> None:
    """Import the stage and run it. Its libraries take seconds to load, during which Ctrl-C must work already."""
    collect_rarely()
    keep_blas_to_one_thread()
    group = cli.LazyGroup("stages", list_stages(), help=__doc__, epilog="Run by `dvc repro`.")
    with record_seconds():
        cli.run(group, "python -m stages", arguments)


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
