"""Judge a candidate's predictions by a policy of params.yaml, as the pipeline does, and say so by the exit code.

0: nothing blocks. 1: something that was given cannot be used. 3: blocked.
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from credit.common.cli import print_answer
from credit.common.errors import run_command
from credit.common.files import round_floats
from credit.common.params import locate_contract, read_params
from credit.contract import load_contract
from credit.evaluation.predictions import read_predictions
from credit.fairness.counts import count_predictions
from credit.fairness.paired import compare_versions, count_paired_predictions
from credit.fairness.policies import Fairness
from credit.fairness.verdicts import judge_fairness
from credit.fairness.waivers import load_waivers
from credit.fairness.wording import describe_more_people
from credit.reports.choice import Choice
from credit.reports.fairness import Finding

EXIT_BLOCKED = 3
_EXAMPLES = """examples:
  python -m credit.fairness                                 the champion, by the policy in use
  python -m credit.fairness random_forest --policy equal_opportunity
  python -m credit.fairness logistic --against data/predictions/heuristic.parquet --json

Predictions of any model can be judged: a Parquet file with the columns favourable, score, decision (approve, refer or
deny), fold (0), and group_<attribute> for each protected attribute, as in data/predictions/."""


def judge_predictions(
    candidate: str, predictions: Path, params: Fairness, against: Path | None, today: date
) -> dict[str, Any]:
    """What `judge_fairness`, and `compare_versions` with another version about the same people, say; JSON-ready."""
    contract = load_contract(locate_contract())
    told = read_predictions(predictions, contract)
    waivers, rules = load_waivers(Path("waivers")), params.rules
    content = {
        "policy": params.policy,
        "rows": len(told.scores),
        **judge_fairness(count_predictions(contract, told), params.chosen_policy, rules, candidate, waivers, today),
    }
    if against is not None:
        paired = count_paired_predictions(contract, read_predictions(against, contract), told, str(against))
        content["against"] = compare_versions(paired, rules.level, rules.largest_drop, rules.smallest_denominator)
        content["blocks"] = content["blocks"] or content["against"]["blocks"]
    return dict(round_floats(content))


def format_verdict(content: dict[str, Any]) -> str:
    """What a person reads: the verdict of each attribute, and each finding that does not simply pass."""
    lines = [f"{content['candidate']}, {content['rows']:,} people, policy {content['policy']}: {content['verdict']}"]
    width = max(map(len, content["attributes"]))
    for name, told in content["attributes"].items():
        small = ", ".join(told["not_assessable"])
        lines.append(f"  {name:{width}}  {told['verdict']}{f' (no verdict on: {small})' if small else ''}")
    findings = [*content["findings"], *content.get("against", {}).get("findings", [])]
    for word, key in (("blocks", "blocks"), ("warns", "warn")):
        for one in findings:
            if one.get(key):
                more = describe_more_people(Finding.model_validate(one)) if "verdict" in one else ""
                lines += [f"{word}: {one['reason']}", *([f"  {more}"] if more else [])]
    lines += [f"warns: {one['reason']}." for one in content["undisclosed"] if one["warn"]]
    return "\n".join([*lines, "blocked" if content["blocks"] else "not blocked"])


def main() -> None:
    """Print the verdict; exit with BLOCKED where it blocks."""
    parser = argparse.ArgumentParser(
        prog="python -m credit.fairness",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("candidate", nargs="?", help="whose predictions (default: the champion's)")
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="(default: data/predictions/CANDIDATE.parquet)"
    )
    parser.add_argument("--policy", metavar="NAME", help="one of fairness.policies (default: fairness.policy)")
    parser.add_argument("--against", type=Path, metavar="FILE", help="predictions of the version in production")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    candidate = args.candidate or Choice.read(Path(Choice.PATH)).champion
    params = read_params(Fairness, "fairness")
    if args.policy:
        params = params.switch_policy(args.policy)
    predictions = args.predictions or Path(f"data/predictions/{candidate}.parquet")
    content = judge_predictions(candidate, predictions, params, args.against, date.today())
    print_answer(json.dumps(content, indent=2, ensure_ascii=False) if args.json else format_verdict(content))
    sys.exit(EXIT_BLOCKED if content["blocks"] else 0)


if __name__ == "__main__":
    run_command(main)
