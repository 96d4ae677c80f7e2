"""Put the champion and the rule into one folder, `models/bundle/`: all that a version is, with a hash of every file.

Fails when ONNX and scikit-learn differ on a test row, or when a feature has no words to give as a reason.
"""

from pathlib import Path

from credit.bundle.policy_limits import PolicyLimits, RatioLimit
from credit.common.cli import make_stage
from credit.common.files import format_json
from credit.common.params import read_params
from credit.fairness.policies import Fairness
from credit.packaging.build import BundleInputs, build_bundle
from credit.report.facts import read_facts
from credit.report.render import render_model_card
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.training.agreement import PackageParams


@make_stage(__doc__)
def run(
    contract_file: Path,
    train_file: Path,
    test_file: Path,
    models_folder: Path,
    reports_folder: Path,
    waivers_folder: Path,
    bundle_folder: Path,
) -> None:
    """Write `models/bundle/`."""
    params = read_params(PackageParams, "package")
    champion = Choice.read(reports_folder / "choice.json").champion
    judged = FairnessReport.read(reports_folder / "fairness" / f"{champion}.json")
    inputs = BundleInputs(contract_file, train_file, test_file, models_folder, reports_folder / "candidates")
    extra = {
        PolicyLimits.NAME: format_json(find_limits(read_params(Fairness, "fairness")).dump()).encode(),
        "obligations.json": format_json([one.model_dump() for one in judged.obligations]).encode(),
        "metrics.json": (reports_folder / "metrics.json").read_bytes(),
        "fairness.json": (reports_folder / "fairness" / f"{champion}.json").read_bytes(),
        "model_card.md": render_model_card(read_facts(contract_file, reports_folder, waivers_folder)).encode(),
    }
    _, line = build_bundle(champion, inputs, params, bundle_folder, extra)
    print(line)


def find_limits(fairness: Fairness) -> PolicyLimits:
    """Find the limits of the chosen policy that live decisions can be held against."""
    limit = fairness.chosen_policy.limits.get("adverse_impact_ratio")
    ratio = None
    if limit is not None and limit.at_least is not None:
        ratio = RatioLimit(at_least=limit.at_least, source=limit.source)
    return PolicyLimits(policy=fairness.policy, adverse_impact_ratio=ratio)
