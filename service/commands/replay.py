"""Recompute a decision of the log from the version that made it: same decision, score and reasons?

Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE, as the service does, and the version on the service's disk or
in RELEASE_STORE. Changes nothing. Exit code 0: the same; 3: something differs; 1: it could not be recomputed."""

import argparse
from itertools import zip_longest
from typing import Any

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database, Record
from credit.registry import names, versions
from credit.registry.ledger import Entry
from credit.registry.store import Store
from service.batch.score import asked
from service.engine.bundle_cache import Cache
from service.engine.live_version import Serving
from service.engine.loading import deployed, of_folder
from service.settings import Settings

COMPARED = ("decision", "score", "reasons", "decided_by", "rule_because")


def logged(settings: Settings, identifier: str) -> Record:
    """A decision from the spool, else from the database. Raises CreditError when it is in neither."""
    spool = settings.state / "spool.db"
    urls = [f"sqlite:///{spool}"] if spool.exists() else []
    for url in [*urls, settings.database]:  # in this order: meanwhile it may move from the first to the second
        database = Database(url, read_only=True)
        try:
            if (record := database.find(identifier)) is not None:
                return record
        finally:
            database.close()
    raise CreditError(Problem("ID", repr(identifier[:80]), f"the id of a decision in {database}"))


def recomputed(serving: Serving, record: Record) -> dict[str, Any]:
    """What the version says of the logged application, as the log would have it.

    Where the rule stood in for the model it is the rule's word again, since no version tells what went wrong then.
    """
    application, because = asked(serving, record["inputs"]), record["rule_because"]
    if because is None or because == serving.rule_because:
        decision, because = serving.decide(application)
    else:
        decision, because = serving.decide_by_rule(application, because)
    return decision._asdict() | {"reasons": list(decision.reasons), "rule_because": because}


def version_of(record: Record, settings: Settings, store: Store) -> Serving:
    """The version of a logged decision: from the service's disk, else from the store.

    Raises CreditError when neither has it, and when the version in the store is another bundle than the log says.
    """
    entry = deployed(record["version"], record["digest"]) if record["version"] is not None else None
    there = _on_disk(record, entry, settings)
    try:
        publication = _published(record, store)
    except CreditError:
        if there is None:
            raise
        return there  # the store is out of reach, and not needed
    if publication is not None and publication.digest != record["digest"]:
        found = f"digest {record['digest'][:12]} of {record['version']}"
        raise CreditError(Problem("the decision", found, f"{publication.digest[:12]}, which the store has of it"))
    if there is not None:
        return there
    if publication is None:
        where = f"the store {store.url}"
        raise CreditError(Problem(where, f"no bundle with digest {record['digest'][:12]}", "what decided"))
    with versions.fetched(store, publication) as folder:
        return of_folder(entry, folder)


def _on_disk(record: Record, entry: Entry | None, settings: Settings) -> Serving | None:
    """From what the service keeps, or from what the image brought: an intact bundle with the digest of the log."""
    for folder in (Cache(settings.state).folder(record["digest"]), settings.baked):
        try:
            serving = of_folder(entry, folder) if folder is not None else None
        except CreditError:
            continue
        if serving is not None and serving.bundle.manifest.digest == record["digest"]:
            return serving
    return None


def _published(record: Record, store: Store) -> versions.Published | None:
    """The version in the store; of a decision by no version, such as the image's rule, one with the same bundle."""
    if record["version"] is not None:
        return versions.find(store, names.version_of(record["version"]))
    known = (versions.find(store, version) for version in versions.versions(store))
    return next((one for one in known if one is not None and one.digest == record["digest"]), None)


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

    from credit.common.cli import tell
    from credit.registry.store import store_in_use
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
