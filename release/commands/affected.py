"""List the decisions that a version made, and what the live version would have decided

The list comes from the log of the services that RELEASE_SERVICE_URL names; the live version is loaded from the store,
so that no service has to decide anything twice. Files that were scored by `python -m service score` are in no log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic_core import to_jsonable_python
from tabulate import tabulate

from credit.common.cli import Answer
from credit.common.errors import CreditError, Problem
from credit.registry.address import open_store
from credit.registry.ledger import LedgerEntry
from credit.registry.names import parse_version
from credit.scoring.policy import DECISION_KINDS
from release.commands.options import StoreCommand, add_environment
from release.deployment.change import describe_decider
from release.deployment.way_back import read_current_entry
from release.oncall.affected import AffectedDecision, count_changes, decide_again, load_decider
from release.oncall.affected_files import dump_affected, write_affected
from release.oncall.service_reports import DecisionList, list_version_decisions

EPILOG = """example:
  release affected v2.0.0 --env prod
  release affected v2.0.0 --env prod --out affected.parquet"""

_MAX_SHOWN = 20
_CANNOT = "cannot be decided"


def _parse_out(text: str) -> Path:
    if not text.endswith(".parquet"):
        raise click.BadParameter(f"found {text!r}, expected a name that ends in .parquet")
    return Path(text)


@click.command(cls=StoreCommand, help=__doc__, epilog=EPILOG)
@click.argument("version", help="the version whose decisions are in question")
@add_environment()
@click.option("--out", type=_parse_out, metavar="FILE.parquet", help="write every decision there, a row each")
def run(version: str, env: str, out: Path | None) -> Answer:
    """List what a version decided, decide it anew, and count who would be decided differently."""
    wanted = str(parse_version(version))
    if out is not None and out.exists():
        raise CreditError(Problem(str(out), "a file that is there already", fix="name another one"))
    store = open_store()
    entry = read_current_entry(store, env)
    listed = list_version_decisions(wanted)
    affected = decide_again(load_decider(store, entry), entry, listed.decisions) if listed.decisions else []
    if out is not None:
        write_affected(out, affected)
    content: dict[str, Any] = {
        "version": wanted,
        "live": entry.version,
        "decides": describe_decider(entry),
        "changed": sum(one.has_changed for one in affected),
        "not_decided": sum(one.now is None for one in affected),
        "spooled": listed.spooled,
        "decisions": [to_jsonable_python(dump_affected(one)) for one in affected],
    }
    written = f"written to {out}" if out else f"all:   release affected {wanted} --env {env} --out affected.parquet"
    return Answer(content, "\n".join([*_format_affected(wanted, entry, listed, affected), written]))


def _format_affected(
    version: str, entry: LedgerEntry, listed: DecisionList, affected: Sequence[AffectedDecision]
) -> list[str]:
    spooled = f"note:  {listed.spooled:,} decisions are in a spool and in no log yet; ask again when they are"
    notes = [spooled] if listed.spooled else []
    if not affected:
        return [f"{version} decided nothing that is in the log", *notes]
    changed = [one for one in affected if one.has_changed]
    first, last = affected[0].logged.decided_at, affected[-1].logged.decided_at
    repeats = sum(one.logged.repeat_of is not None for one in affected)
    notes += [f"note:  {repeats:,} of them repeat another one, see repeat_of"] if repeats else []
    return [
        f"{version} made {len(affected):,} decisions from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC",
        f"{describe_decider(entry)}, which is live, would decide {len(changed):,} of them differently:",
        _format_counts(affected),
        *_list_changed(changed),
        *_list_reasons("the rule would decide {:,} of them", [one.rule_because for one in affected]),
        *_list_reasons(f"{{:,}} {_CANNOT}", [one.why_not for one in affected]),
        *notes,
    ]


def _format_counts(affected: Sequence[AffectedDecision]) -> str:
    heads = ["", *(f"now {kind}" for kind in DECISION_KINDS), _CANNOT]
    rows = [[f"was {kind}", *row] for kind, row in zip(DECISION_KINDS, count_changes(affected), strict=True)]
    table: str = tabulate(rows, heads, tablefmt="plain")
    return table


def _list_changed(changed: Sequence[AffectedDecision]) -> list[str]:
    rows = [
        [
            one.logged.id,
            f"{one.logged.decided_at:%Y-%m-%d %H:%M}",
            one.logged.caller,
            (one.logged.applicant or "no reference")[:12],
            f"{one.logged.decision} -> {one.now.decision if one.now else _CANNOT}",
            "; ".join(one.logged.reasons),
        ]
        for one in changed[:_MAX_SHOWN]
    ]
    more = [f"and {len(changed) - _MAX_SHOWN:,} more"] if len(changed) > _MAX_SHOWN else []
    return [*tabulate(rows, tablefmt="plain", disable_numparse=True).splitlines(), *more]


def _list_reasons(what: str, reasons: Iterable[str | None]) -> list[str]:
    """List each reason once, with how many decisions have it, the most frequent first."""
    most = Counter(reason for reason in reasons if reason is not None).most_common()
    more = [f"and {len(most) - _MAX_SHOWN:,} other reasons"] if len(most) > _MAX_SHOWN else []
    return [f"{what.format(count)}: {why}" for why, count in most[:_MAX_SHOWN]] + more
