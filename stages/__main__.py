"""Run one stage of the pipeline with the paths that dvc.yaml gives it; `python -m stages NAME --help` says which."""

import os
from collections.abc import Sequence

from credit.common import cli
from credit.common.errors import exit_on_interrupt, run_command
from credit.common.garbage import collect_rarely

STAGES = {
    "fetch": "Put the raw bytes of a bundled dataset into data/raw/, untouched",
    "ingest": "Cast the raw table to the contract's types and add its derived columns",
    "validate": "Set rows aside that break the contract, with the reason",
    "split": "Divide the accepted rows into training and test rows",
    "select_features": "Choose the features on the training rows, with reasons",
    "train": "Train one candidate: heuristic, logistic or random_forest",
    "evaluate": "Judge every candidate on the test rows: quality with intervals, and the curves behind it",
    "predict": "Score every candidate on people whom it has not seen",
    "fairness": "Judge how each candidate treats each protected group: figures with intervals, and verdicts",
    "choose": "Choose the champion: the best candidate that passes every gate",
    "find_alternatives": "Search for a less discriminatory alternative",
    "package": "Put the champion and the rule into one folder, `models/bundle/`",
    "report": "Write the results for people: one HTML page, and the bundle's model card beside it",
}
"""Each stage in the order of dvc.yaml, and its line in `python -m stages --help`."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Import the stage and run it. Its libraries take seconds to load, during which Ctrl-C must work already."""
    collect_rarely()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking through all packages for one takes 5 ms
    cli.run(cli.LazyGroup("stages", STAGES, help=__doc__, epilog="Run by `dvc repro`."), "python -m stages", arguments)


if __name__ == "__main__":
    exit_on_interrupt()
    run_command(main)
