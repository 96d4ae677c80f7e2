"""Rehearse publish, deploy and rollback in a throwaway place; seconds and lost requests"""

import argparse

from credit.common.cli import Answer

EXAMPLE = "release drill"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None: a drill that has to be set up is not held."""


def run(args: argparse.Namespace) -> Answer:
    """Exit code 1 when a request was lost."""
    from tabulate import tabulate

    from credit.registry.store import open_store
    from release.drill.rehearsal import rehearse

    store = open_store()
    done = rehearse(store)
    rows = [
        (step.name, f"{step.command:.2f} s", "" if step.seen is None else f"{step.seen:.2f} s") for step in done.steps
    ]
    heads = ("", "until the entry", "until it decided")
    table = tabulate([heads, *rows], tablefmt="plain", disable_numparse=True, colalign=("left", "right", "right"))
    lines = [table, f"{done.answered} applications decided meanwhile, {len(done.lost)} lost, in {store.url}"]
    lines += [f"lost: {said}" for said in done.lost[:5]]
    content = {
        "versions": done.versions,
        "steps": [step._asdict() for step in done.steps],
        "answered": done.answered,
        "lost": done.lost,
        "store": store.url,
    }
    return Answer(content, "\n".join(lines), 1 if done.lost else 0)
