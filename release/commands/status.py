"""What is live where, since when and why; what may be deployed"""

import argparse
from typing import TYPE_CHECKING, Any

from release.answer import Answer

if TYPE_CHECKING:
    from credit.registry.ledger import Entry

EXAMPLE = "release status --env prod"


def arguments(parser: argparse.ArgumentParser) -> None:
    """All environments, or one."""
    from release.commands.options import add_environment

    add_environment(parser, required=False)


def run(args: argparse.Namespace) -> Answer:
    """Read the newest entry of each ledger."""
    from credit.registry import published
    from credit.registry.ledger import Ledger
    from credit.registry.names import ENVIRONMENTS
    from credit.registry.store import store_in_use
    from release.after import who_decides
    from release.times import ago

    store = store_in_use()
    environments = [args.env] if args.env else list(ENVIRONMENTS)
    versions = [str(version) for version in published.versions(store)]
    content: dict[str, Any] = {"store": store.url, "published": versions, "environments": {}}
    lines = []
    for name in environments:
        ledger = Ledger(store, name)
        entry = ledger.newest()
        content["environments"][name] = _told(ledger, entry)
        if entry is None:
            lines += [f"{name:10} nothing was deployed yet"]
            continue
        lines += [f"{name:10} {who_decides(entry)}, since {entry.time:%Y-%m-%d %H:%M:%S} UTC ({ago(entry.time)})"]
        lines += [f"{'':10} {entry.kind} by {entry.actor}: {entry.reason} (entry {entry.number})"]
        back = content["environments"][name]["rollback_to"] or "no version; --to rule lets the rule decide"
        lines += [f"{'':10} a rollback returns to {back}"]
    lines += [f"published  {', '.join(versions[-10:]) or 'nothing'} in {store.url}"]
    if len(versions) > 10:
        lines[-1] += f", and {len(versions) - 10} before them"
    live = [name for name in environments if content["environments"][name]["version"]]
    lines += [f"back:      release rollback --env {name} --reason '...'" for name in live[-1:]]
    return Answer(content, "\n".join(lines))


def _told(ledger: Any, entry: "Entry | None") -> dict[str, Any]:
    if entry is None:
        return {"version": None}
    back = ledger.entry(entry.back).version if entry.back else None
    decided_by = "rule" if entry.kind == "fallback" else "version"
    return entry.model_dump(mode="json", exclude_none=True) | {"decided_by": decided_by, "rollback_to": back}
