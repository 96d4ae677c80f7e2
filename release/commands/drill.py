"""Rehearse publish, deploy and rollback in a throwaway place; seconds and lost requests

Checks the decision log too, where SERVICE_DATABASE_URL or SERVICE_STATE names one that this machine can read."""

import click
from tabulate import tabulate

from credit.common.cli import Answer
from credit.registry.address import open_store
from release.commands.options import StoreCommand
from release.drill.decision_log import check_decision_log
from release.drill.rehearsal import rehearse


@click.command(cls=StoreCommand, help=__doc__, epilog="example:\n  release drill")
def run() -> Answer:
    """Rehearse; exit code 1 when a request was lost or the decision log is not as it was written."""
    store = open_store(make=True)
    done = rehearse(store)
    rows = [
        (step.name, f"{step.command:.2f} s", "" if step.seen is None else f"{step.seen:.2f} s") for step in done.steps
    ]
    heads = ("", "until the entry", "until it decided")
    table = tabulate([heads, *rows], tablefmt="plain", disable_numparse=True, colalign=("left", "right", "right"))
    lines = [table, f"{done.answered} applications decided meanwhile, {len(done.lost)} lost, in {store.url}"]
    lines += [f"lost: {line}" for line in done.lost[:5]]
    log = check_decision_log(store)
    lines += log.words
    content = {
        "versions": done.versions,
        "steps": [step._asdict() for step in done.steps],
        "answered": done.answered,
        "lost": done.lost,
        "decision_log": log._asdict(),
        "store": store.url,
    }
    return Answer(content, "\n".join(lines), 1 if done.lost or log.found else 0)
