"""What `make repro` begins with: the stages that will run, what changed since the last run, and how long it will take.

It is no stage, and starts none; `dvc repro` decides by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import click

from credit.common import cli
from credit.common.errors import run_command
from credit.stage_seconds import read_seconds

_SHOWN = 8


class Plan(NamedTuple):
    """The stages that will run at most, in order, of all; and each cause with the number of stages that it touches."""

    stages: list[str]
    total: int
    causes: dict[str, int]


def read_plan() -> Plan:
    """Read what DVC says has changed, with every stage behind it: what comes out of one may change those."""
    from dvc.repo import Repo  # half a second, which --help does not need

    with Repo() as repo:
        status, graph = repo.status(check_updates=False), repo.index.graph
        commands = [stage for stage in graph if stage.cmd]
        found = [stage for stage in graph if stage.addressing in status]
        for stage in found:  # grows as it goes: an edge leads from a stage to what it needs
            found += [other for other in graph.predecessors(stage) if other not in found]
        names = [stage.addressing for stage in commands if stage in found]
    return Plan(names, len(commands), count_causes(status))


def count_causes(status: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """Count the stages that each change touches, by DVC's status; a parameter is named by its key."""
    counts: dict[str, int] = {}
    for entries in status.values():
        for cause in dict.fromkeys(cause for entry in entries for cause in _name_causes(entry)):
            counts[cause] = counts.get(cause, 0) + 1
    return counts


def _name_causes(entry: Any) -> Iterable[str]:
    if not isinstance(entry, Mapping):
        yield str(entry)  # "changed command", "always changed"
        return
    for changes in entry.values():
        for path, change in changes.items():
            if isinstance(change, Mapping):
                yield from (f"{key} in {path} {kind}" for key, kind in change.items())
            else:
                yield f"{path} {change}"


def format_plan(plan: Plan, seconds: Mapping[str, float]) -> str:
    """Format a line about the stages and their time, and one per cause; the causes that touch most come first."""
    if not plan.stages:
        return "plan: nothing changed since the last run, so no stage runs"
    unknown = sum(name not in seconds for name in plan.stages)
    took = sum(seconds.get(name, 0) for name in plan.stages)
    about = f"about {took:.0f} s when they last ran here" if unknown < len(plan.stages) else "they never ran here"
    rest = f", without {unknown} that never did" if 0 < unknown < len(plan.stages) else ""
    causes = sorted(plan.causes.items(), key=lambda one: (-one[1], one[0]))
    lines = [f"  {cause} ({count} {'stage' if count == 1 else 'stages'})" for cause, count in causes[:_SHOWN]]
    lines += [f"  and {len(causes) - _SHOWN} more changes"] if len(causes) > _SHOWN else []
    head = f"plan: at most {len(plan.stages)} of {plan.total} stages run, {about}{rest}; changed since:"
    return "\n".join([head, *lines])


@click.command(cls=cli.Command, help=__doc__, epilog="Run by `make repro`.")
def run() -> None:
    """Print the plan."""
    from dvc.exceptions import DvcException

    try:
        plan = read_plan()
    except DvcException as error:  # `dvc repro` comes next, and says all of it
        cli.print_answer(f"plan: not known, {(str(error).splitlines() or ['DVC refuses'])[0]}")
        return
    cli.print_answer(format_plan(plan, read_seconds(plan.stages)))


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.plan"))
