"""Make git and the ledger agree: tag what was rolled back without git, follow what was tagged by hand"""

import argparse
from typing import Any

from release.answer import Answer

EXAMPLE = """release sync    (after gto deprecate credit-model v1.2.0 prod, say)
  release sync --push"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """How far it may go."""
    from release.commands.options import add_dry_run, add_push, add_wait

    parser.add_argument("--no-fetch", action="store_true", help="look at the tags that are here, without asking origin")
    add_wait(parser)
    add_push(parser)
    add_dry_run(parser)


def run(args: argparse.Namespace) -> Answer:
    """Fetch the tags, tag entries, follow tags, push."""
    from credit.errors import CreditError
    from credit.registry.store import store_in_use
    from release import after, live, tags
    from release.git import actor
    from release.sync import follow, plans

    if not args.no_fetch:
        tags.fetch_tags()
    store = store_in_use()
    lines: list[str] = []
    content: dict[str, Any] = {"environments": {}, "dry_run": args.dry_run}
    late: list[str] = []
    problems: list[str] = []
    for one in plans(store):
        told: dict[str, Any] = {"tagged": [], "followed": None, "overtaken": []}
        content["environments"][one.environment] = told
        for entry in one.untagged:
            what = f"{one.environment}: entry {entry.number} ({entry.kind}, {entry.version})"
            try:
                name = "a tag" if args.dry_run else tags.assign(one.environment, entry)
            except CreditError as error:  # a version that was withdrawn, or is not known here, gets none
                problems += [f"{what} gets no tag: {error}"]
                continue
            told["tagged"].append(name)
            lines += [f"{what} has {name}"]
        overtaken = [*one.overtaken, *(one.by_hand if one.untagged else [])]
        told["overtaken"] = [event.tag.name for event in overtaken]
        lines += [f"{one.environment}: {event.tag.name} is overtaken by the ledger" for event in overtaken]
        if one.by_hand and not one.untagged and args.dry_run:
            lines += [f"{one.environment}: would follow {one.by_hand[-1].tag.name} to {one.target or 'the rule'}"]
        elif change := follow(store, one, actor()):
            made = live.apply(store, change)
            if made is not None:
                told["followed"] = made.model_dump(mode="json", exclude_none=True)
                lines += [f"{one.environment}: {after.who_decides(made)}, as {one.by_hand[-1].tag.name} says"]
                late += after.late_services(made, args.wait)
    if args.push and not args.dry_run:
        pushed = tags.push_missing()
        content["pushed"] = pushed
        lines += [f"pushed {name}" for name in pushed]
    lines += [f"late:  {said}" for said in late] + [f"problem: {said}" for said in problems]
    content["problems"] = problems
    return Answer(content, "\n".join(lines or ["git and the ledger agree"]), 1 if late or problems else 0)
