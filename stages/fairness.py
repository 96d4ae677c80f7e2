"""Judge how each candidate treats each protected group on the test rows: figures with intervals, and verdicts.

A policy of params.yaml sets the limits, `waivers/` holds what a person has let through. One file per candidate, a line
per finding and per group, so that a diff shows whom a change is about.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from credit.candidates import NAMES, Candidate, load_candidate
from credit.command import arguments, read_params
from credit.contract import Contract, load_contract
from credit.errors import run
from credit.fairness.counts import Counts, count
from credit.fairness.policy import Fairness
from credit.fairness.report import report
from credit.fairness.rows import codes_in, groups_in
from credit.fairness.verdicts import decide
from credit.fairness.waivers import Waiver, check_waivers, load_waivers
from credit.files import rounded, write_json
from credit.scoring import score_rows
from credit.tables import open_table, read_frame


def counted(candidate: Candidate, contract: Contract, test: Path) -> Counts:
    """Everybody of the test rows by group, label and decision."""
    y, scores = score_rows(candidate, contract, test, "fairness")
    codes = codes_in(contract, read_frame(test, list(contract.protected)))
    return count(groups_in(contract), codes, y, scores, candidate.policy.decide(scores))


def judged(counts: Counts, params: Fairness, name: str, waivers: Mapping[str, Waiver], today: date) -> dict[str, Any]:
    """The content of one candidate's file: verdict, findings, and the figures of every group and pair."""
    told = decide(counts, params.chosen, params.rules, name, waivers, today)
    figures = report(counts, params.report_level)
    groups = {
        f"{attribute}: {group}": of
        for part in ("attributes", "pairs")
        for attribute, content in figures[part].items()
        for group, of in content["groups"].items()
    }
    return {
        "policy": params.policy,
        "rows": figures["rows"],
        **told,
        "figures_level": figures["level"],
        "groups": groups,
    }


def main() -> None:
    """Write `reports/fairness/<candidate>.json`."""
    args = arguments(__doc__, "contract", "test", "models", "candidates", "waivers", "reports")
    params = read_params(Fairness, "fairness")
    contract = load_contract(args.contract).bound_to(open_table(args.test).schema_arrow.names, str(args.test))
    waivers = load_waivers(args.waivers)
    loaded = [load_candidate(args.models / f"{name}.skops", args.candidates / f"{name}.json") for name in NAMES]
    counts = {candidate.name: counted(candidate, contract, args.test) for candidate in loaded}
    today = date.today()
    check_waivers(waivers, list(counts), counts[NAMES[0]], params.chosen, today)
    for name, people in counts.items():
        content = judged(people, params, name, waivers, today)
        write_json(args.reports / f"{name}.json", rounded(content))
        told = ", ".join(f"{times} {verdict}" for verdict, times in content["verdicts"].items())
        print(f"{name}: {'blocked' if content['blocks'] else 'not blocked'} by {params.policy} ({told})")


if __name__ == "__main__":
    run(main)
