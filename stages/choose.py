"""Choose the champion: the best candidate that passes every gate of quality and equal treatment; else the rule.

`reports/choice.json` says who goes forward, and of every other candidate why it does not.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from credit.candidates import NAMES
from credit.command import Params, arguments, read_params
from credit.errors import CreditError, Problem, run
from credit.files import read_json, rounded, write_json
from credit.gates import Gates, judge_quality

RULE = "heuristic"


class Choose(Params):
    """The block `choose`."""

    metric: str = Field(min_length=1)
    gates: Gates


def choose(
    params: Choose, metrics: Mapping[str, Mapping[str, Any]], fairness: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The content of the report: the champion, and each candidate's figure and what is in its way.

    A candidate without the figure that decides is out, as one that fails a gate. The rule goes forward when nobody
    else may, gates or not: it is what decided before there was a model.
    """
    for name, figures in metrics.items():
        if params.metric not in figures:
            where = "params.yaml: choose.metric"
            raise CreditError(Problem(where, params.metric, f"a figure of {name} in reports/metrics.json"))
    candidates = {}
    for name in NAMES:
        quality = judge_quality(name, metrics, params.gates, None)
        against = [finding["reason"] for finding in quality["findings"] if not finding["passes"]]
        against += [finding["reason"] for finding in fairness[name]["findings"] if finding["blocks"]]
        value = metrics[name][params.metric]
        if value is None:
            against.append(f"{params.metric} is missing.")
        candidates[name] = {params.metric: value, "passes": not against, "against": against}
    passing = [name for name in NAMES if candidates[name]["passes"]]
    champion = max(passing, key=lambda name: candidates[name][params.metric], default=RULE)
    why = f"the best {params.metric} of those that pass every gate" if passing else "no candidate passes every gate"
    return {"champion": champion, "why": why, "candidates": candidates}


def main() -> None:
    """Write `reports/choice.json`."""
    args = arguments(__doc__, "metrics", "fairness", "choice")
    params = read_params(Choose, "choose")
    fairness: dict[str, Any] = {name: read_json(args.fairness / f"{name}.json") for name in NAMES}
    choice = choose(params, read_json(args.metrics), fairness)
    write_json(args.choice, rounded(choice))
    print(f"champion: {choice['champion']}, {choice['why']}")
    for name, told in choice["candidates"].items():
        for reason in told["against"]:
            print(f"  against {name}: {reason}")


if __name__ == "__main__":
    run(main)
