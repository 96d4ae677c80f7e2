"""Every stage of the pipeline, one after the other in this one process, without DVC: `python -m bench.in_a_row`."""

import sys
from importlib import import_module
from pathlib import Path

from bench.project import commands


def main() -> None:
    """Call the `main` of each stage with the arguments of dvc.yaml."""
    for _, _, module, *arguments in commands(Path()).values():
        sys.argv = [module, *arguments]
        import_module(module).main()


if __name__ == "__main__":
    main()
