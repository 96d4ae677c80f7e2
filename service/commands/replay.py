"""Recompute a decision of the log from the version that made it: same decision, score and reasons?

Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE, as the service does, and the version on the service's disk or
in RELEASE_STORE. Changes nothing. Exit code 0: the same; 3: something differs; 1: it could not be recomputed."""

import argparse
from itertools import zip_longest
from typing import Any

EXAMPLE = "SERVICE_STATE=.service python -m service replay 019a1b2c3d4e7f708192a3b4c5d6e7f8"
DIFFERS = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which decision."""
    parser.add_argument("id", metavar="ID", help="as it was answered")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Print what the log has and what its version says now, side by side."""
    import json
    import sys

    from credit.answer import tell
    from credit.registry.store import store_in_use
    from service.replay import COMPARED, logged, recomputed, version_of
    from service.settings import settings

    chosen = settings()
    record = logged(chosen, args.id)
    again = recomputed(version_of(record, chosen, store_in_use()), record)
    content: dict[str, Any] = {
        "id": record["id"],
        "version": record["version"],
        "digest": record["digest"],
        "logged": {name: record[name] for name in COMPARED},
        "recomputed": {name: again[name] for name in COMPARED},
        "differs": [name for name in COMPARED if record[name] != again[name]],
    }
    tell(json.dumps(content, indent=2, ensure_ascii=False) if args.json else _text(content))
    sys.exit(DIFFERS if content["differs"] else 0)


def _text(content: dict[str, Any]) -> str:
    rows = [("", "logged", "recomputed")]
    for name, value in content["logged"].items():
        pairs = zip_longest(_listed(value), _listed(content["recomputed"][name]), fillvalue="-")
        rows += [(name if not place else "", *pair) for place, pair in enumerate(pairs)]
    width = max(len(logged) for _, logged, _ in rows)
    lines = [f"  {name:<13} {logged:<{width}}  {again}" for name, logged, again in rows]
    told = f"differs: {', '.join(content['differs'])}" if content["differs"] else "the same"
    by = content["version"] or "the rule of the image"
    return "\n".join([f"{content['id']}, by {by}, digest {content['digest'][:12]}", *lines, told])


def _listed(value: Any) -> list[str]:
    """A value as the lines that it is shown in."""
    values = value if isinstance(value, list) else [value]
    return ["-" if one is None else str(one) for one in values] or ["-"]
