"""Put the champion and the rule into one folder, `models/bundle/`: all that a version is, with a hash of every file.

Fails when ONNX and scikit-learn differ on a test row, or when a feature has no words to give as a reason.
"""

from pathlib import Path

from credit.common.candidate_names import NAMES
from credit.common.errors import CreditError, Problem
from credit.common.files import read_json
from credit.common.params import arguments, read_params
from credit.packaging.build import Inputs, Package, package
from credit.report.facts import read_facts
from credit.report.render import model_card


def champion_of(choice: Path) -> str:
    """The candidate that `choose` chose."""
    content = read_json(choice)
    champion: str | None = content.get("champion") if isinstance(content, dict) else None
    if champion is None or champion not in NAMES:
        raise CreditError(
            Problem(f"{choice}: champion", repr(champion), f"one of {list(NAMES)}", "run dvc repro choose")
        )
    return champion


def main() -> None:
    """Write `models/bundle/`."""
    args = arguments(__doc__, "contract", "train", "test", "models", "reports", "waivers", "bundle")
    params = read_params(Package, "package")
    champion = champion_of(args.reports / "choice.json")
    inputs = Inputs(args.contract, args.train, args.test, args.models, args.reports / "candidates")
    extra = {
        "metrics.json": (args.reports / "metrics.json").read_bytes(),
        "fairness.json": (args.reports / "fairness" / f"{champion}.json").read_bytes(),
        "model_card.md": model_card(read_facts(args.contract, args.reports, args.waivers)).encode(),
    }
    _, line = package(champion, inputs, params, args.bundle, extra)
    print(line)
