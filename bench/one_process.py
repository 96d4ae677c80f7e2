"""Every stage of the pipeline, one after the other in this one process, without DVC: `python -m bench.one_process`."""

from importlib import import_module
from pathlib import Path

from bench.project import read_commands
from credit.common.garbage import collect_rarely
from credit.common.parallel import keep_blas_to_one_thread


def main() -> None:
    """Call the command of each stage with the arguments of dvc.yaml."""
    collect_rarely()  # as a stage's own process does
    keep_blas_to_one_thread()
    for _, _, _, stage, *arguments in read_commands(Path()).values():
        import_module(f"stages.{stage}").run.main(arguments, stage, standalone_mode=False)


if __name__ == "__main__":
    main()
