"""Recompute a decision of the log from the version that made it: same decision, score and reasons?

Finds the log by SERVICE_DATABASE_URL and SERVICE_STATE, as the service does, and the version on the service's disk or
in RELEASE_STORE. Changes nothing. Exit code 0: the same; 3: something differs; 1: it could not be recomputed."""

import argparse
from itertools import zip_longest
from typing import Any

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database, DecisionRow
from credit.registry import names, versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from service.batch.score import parse_application
from service.engine.bundle_cache import BundleCache
from service.engine.live_version import LiveVersion
from service.engine.loading import build_deployment, load_folder
from service.settings import Settings

COMPARED_FIELDS = ("decision", "score", "reasons", "decided_by", "rule_because")


def find_record(settings: Settings, identifier: str) -> DecisionRow:
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


def recompute(serving: LiveVersion, record: DecisionRow) -> dict[str, Any]:
    """What the version says of the logged application, as the log would have it.

    Where the rule stood in for the model it is the rule's word again, since no version tells what went wrong then.
    """
    application, because = parse_application(serving, record["inputs"]), record["rule_because"]
    if because is None or because == serving.rule_because:
        decision, because = serving.decide(application)
    else:
        decision, because = serving.decide_by_rule(application, because)
    return decision._asdict() | {"reasons": list(decision.reasons), "rule_because": because}


def load_logged_version(record: DecisionRow, settings: Settings, store: Store) -> LiveVersion:
    """The version of a logged decision: from the service's disk, else from the store.

    Raises CreditError when neither has it, and when the version in the store is another bundle than the log says.
    """
    entry = build_deployment(record["version"], record["digest"]) if record["version"] is not None else None
    there = _load_from_disk(record, entry, settings)
    try:
        publication = _find_publication(record, store)
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
    with versions.fetch_temporarily(store, publication) as folder:
        return load_folder(entry, folder)


def _load_from_disk(record: DecisionRow, entry: LedgerEntry | None, settings: Settings) -> LiveVersion | None:
    """From what the service keeps, or from what the image brought: an intact bundle with the digest of the log."""
    for folder in (BundleCache(settings.state).locate_bundle(record["digest"]), settings.baked):
        try:
            serving = load_folder(entry, folder) if folder is not None else None
        except CreditError:
            continue
        if serving is not None and serving.bundle.manifest.digest == record["digest"]:
            return serving
    return None


def _find_publication(record: DecisionRow, store: Store) -> versions.VersionRecord | None:
    """The version in the store; of a decision by no version, such as the image's rule, one with the same bundle."""
    if record["version"] is not None:
        return versions.find_version(store, names.parse_version(record["version"]))
    known = (versions.find_version(store, version) for version in versions.list_versions(store))
    return next((one for one in known if one is not None and one.digest == record["digest"]), None)


EXAMPLE = "SERVICE_STATE=.service python -m service replay 019a1b2c3d4e7f708192a3b4c5d6e7f8"
EXIT_DIFFERS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which decision."""
    parser.add_argument("id", metavar="ID", help="as it was answered")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Print what the log has and what its version says now, side by side."""
    import json
    import sys

    from credit.common.cli import print_answer
    from credit.registry.store import open_store
    from service.settings import load_settings

    chosen = load_settings()
    record = find_record(chosen, args.id)
    again = recompute(load_logged_version(record, chosen, open_store()), record)
    content: dict[str, Any] = {
        "id": record["id"],
        "version": record["version"],
        "digest": record["digest"],
        "logged": {name: record[name] for name in COMPARED_FIELDS},
        "recomputed": {name: again[name] for name in COMPARED_FIELDS},
        "differs": [name for name in COMPARED_FIELDS if record[name] != again[name]],
    }
    print_answer(json.dumps(content, indent=2, ensure_ascii=False) if args.json else _format_text(content))
    sys.exit(EXIT_DIFFERS if content["differs"] else 0)


def _format_text(content: dict[str, Any]) -> str:
    rows = [("", "logged", "recomputed")]
    for name, value in content["logged"].items():
        pairs = zip_longest(_format_lines(value), _format_lines(content["recomputed"][name]), fillvalue="-")
        rows += [(name if not place else "", *pair) for place, pair in enumerate(pairs)]
    width = max(len(logged) for _, logged, _ in rows)
    lines = [f"  {name:<13} {logged:<{width}}  {again}" for name, logged, again in rows]
    told = f"differs: {', '.join(content['differs'])}" if content["differs"] else "the same"
    by = content["version"] or "the rule of the image"
    return "\n".join([f"{content['id']}, by {by}, digest {content['digest'][:12]}", *lines, told])


def _format_lines(value: Any) -> list[str]:
    """A value as the lines that it is shown in."""
    values = value if isinstance(value, list) else [value]
    return ["-" if one is None else str(one) for one in values] or ["-"]
