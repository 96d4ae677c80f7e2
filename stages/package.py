"""Put the champion and the rule into one folder, `models/bundle/`: all that a version is, with a hash of every file.

Fails when ONNX and scikit-learn differ on a test row, or when a feature has no words to give as a reason.
"""

from credit.common.params import parse_arguments, read_params
from credit.packaging.build import BundleInputs, PackageParams, build_bundle
from credit.report.facts import read_facts
from credit.report.render import render_model_card
from credit.reports.choice import Choice


def main() -> None:
    """Write `models/bundle/`."""
    args = parse_arguments(__doc__, "contract", "train", "test", "models", "reports", "waivers", "bundle")
    params = read_params(PackageParams, "package")
    champion = Choice.read(args.reports / "choice.json").champion
    inputs = BundleInputs(args.contract, args.train, args.test, args.models, args.reports / "candidates")
    extra = {
        "metrics.json": (args.reports / "metrics.json").read_bytes(),
        "fairness.json": (args.reports / "fairness" / f"{champion}.json").read_bytes(),
        "model_card.md": render_model_card(read_facts(args.contract, args.reports, args.waivers)).encode(),
    }
    _, line = build_bundle(champion, inputs, params, args.bundle, extra)
    print(line)
