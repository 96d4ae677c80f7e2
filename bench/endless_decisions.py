"""Decide the same applications by the forest again and again: what another core does to the service just by working."""

import json
import os
import sys
from pathlib import Path

from credit.bundle.bundle import load_bundle


def decide_endlessly(folder: Path) -> None:
    """Decide until the process that began it ends, with the priority of a challenger; says a line when it begins."""
    parent = os.getppid()
    bundle = load_bundle(folder / "random_forest")
    applications = [json.loads((folder / f"{name}.json").read_text())["application"] for name in ("approve", "deny")]
    bundle.decide(applications)
    os.nice(19)
    print("ready", flush=True)
    while os.getppid() == parent:
        bundle.decide(applications)


if __name__ == "__main__":
    decide_endlessly(Path(sys.argv[1]))
