"""Recompute a decision of the log from the version that made it: same decision, score and reasons?

Checks the row against the hashes of the log first; `verify-log` checks all of them. Finds the log by
SERVICE_DATABASE_URL and SERVICE_STATE, as the service does, and the version on the service's disk or in RELEASE_STORE.
Changes nothing but that the look-up is noted in the log, without which nothing is shown. Exit code 0: the same;
3: something differs; 1: it could not be recomputed."""

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any

import click
import numpy as np

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.integrity.one_decision import check_decision
from credit.decision_log.locate import open_read_only
from credit.registry import names, versions
from credit.registry.address import open_store
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from service.engine.bundle_cache import BundleCache
from service.engine.live_version import LiveVersion
from service.engine.loading import build_deployment, load_folder
from service.people.opened_log import note_reading
from service.settings import Settings, load_settings

COMPARED_FIELDS = ("decision", "score", "reasons", "reason_codes", "decided_by", "rule_because")


def find_record(settings: Settings, identifier: str) -> tuple[DecisionRow, str | None]:
    """Find a decision in the spool, else in the database, and check its row; None: it is as it was written.

    Raises CreditError when it is in neither.
    """
    if not re.fullmatch(r"[0-9a-f]{32}", identifier):
        raise CreditError(Problem("ID", repr(identifier[:80]), "the 32 characters that the service answered as `id`"))
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    with open_read_only(url, settings.state, patient=True) as databases:
        for place, database in enumerate(databases):
            if (record := database.find(identifier)) is not None:
                return record, check_decision(databases[: place + 1], record)
    raise CreditError(Problem(f"the decision log {database}", f"no decision {identifier}"))


def recompute(serving: LiveVersion, record: DecisionRow) -> dict[str, Any]:
    """Decide the logged application anew by the version, in the fields of the log and the language that was asked for.

    Where the rule stood in for the model the rule decides again: the version cannot tell what went wrong then.
    """
    application, because, serving = record["inputs"], record["rule_because"], serving.accept_anything()
    if because is None or because == serving.rule_because:
        decision, because = serving.decide(application)
    else:
        decision, because = serving.decide_by_rule(application, because)
    reasons = list(serving.bundle.word_reasons(decision, record["language"]))
    codes = None if record["reason_codes"] is None else list(decision.reason_codes)  # logged before there were codes
    return decision._asdict() | {"reasons": reasons, "reason_codes": codes, "rule_because": because}


def load_logged_version(record: DecisionRow, settings: Settings, find_store: Callable[[], Store]) -> LiveVersion:
    """Load the version of a logged decision from the service's disk, else from the store.

    Raises CreditError when neither has it, and when the version in the store is another bundle than the log says.
    """
    entry = build_deployment(record["version"], record["digest"]) if record["version"] is not None else None
    there = _load_from_disk(record, entry, settings)
    try:
        store = find_store()
        publication = _find_publication(record, store)
    except CreditError:
        if there is None:
            raise
        return there  # the store is out of reach, and not needed
    if publication is not None and publication.digest != record["digest"]:
        found = f"digest {record['digest'][:12]} of {record['version']}"
        raise CreditError(Problem("the decision", found, f"{publication.digest[:12]}, which the store has"))
    if there is not None:
        return there
    if publication is None:
        where = f"the store {store.url}"
        raise CreditError(Problem(where, f"no bundle with digest {record['digest'][:12]}"))
    with versions.fetch_temporarily(store, publication) as folder:
        return load_folder(entry, folder)


def _load_from_disk(record: DecisionRow, entry: LedgerEntry | None, settings: Settings) -> LiveVersion | None:
    """Load the bundle with the logged digest from the service's state or the image; None when neither has it intact."""
    for folder in (BundleCache(settings.state).locate_bundle(record["digest"]), settings.baked):
        try:
            serving = load_folder(entry, folder) if folder is not None else None
        except CreditError:
            continue
        if serving is not None and serving.bundle.manifest.digest == record["digest"]:
            return serving
    return None


def _find_publication(record: DecisionRow, store: Store) -> versions.VersionRecord | None:
    """Find the version in the store; for a decision by the image's rule, which has no version, one with its bundle."""
    if record["version"] is not None:
        return versions.find_version(store, names.parse_version(record["version"]))
    known = (versions.find_version(store, version) for version in versions.list_versions(store))
    return next((one for one in known if one is not None and one.digest == record["digest"]), None)


EPILOG = """example:
  SERVICE_STATE=.service python -m service replay 019a1b2c3d4e7f708192a3b4c5d6e7f8"""
EXIT_DIFFERS = 3


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("identifier", metavar="ID", help="as it was answered")
def run(identifier: str) -> Answer:
    """Show what the log has and what its version says now, side by side."""
    settings = load_settings()
    record, wrong = find_record(settings, identifier)
    note_reading(settings, "look_up", {"command": "replay"}, record["id"])
    if record["salt"] is None and record["erased_by"] is not None:
        found = f"its inputs were erased, by the event {record['erased_by']}"
        raise CreditError(Problem(f"the decision {identifier}", found))
    try:
        again = recompute(load_logged_version(record, settings, open_store), record)
    except CreditError as error:
        altered = [Problem(f"the decision {identifier}", f"not as it was written: {wrong}")] if wrong else []
        raise CreditError([*altered, *error.problems]) from None
    content: dict[str, Any] = {
        "id": record["id"],
        "version": record["version"],
        "digest": record["digest"],
        "logged": {name: record[name] for name in COMPARED_FIELDS},
        "recomputed": {name: again[name] for name in COMPARED_FIELDS},
        "row": wrong or ("not chained" if record["writer"] is None else "as it was written"),
        "differs": [name for name in COMPARED_FIELDS if _differs(name, record, again)],
    }
    return Answer(content, _format_text(content, wrong), EXIT_DIFFERS if content["differs"] or wrong else 0)


def _differs(name: str, record: DecisionRow, again: Mapping[str, Any]) -> bool:
    """Tell whether a field differs. The rule's scores in the log had more digits once, before they were float32."""
    if name == "score" and record["decided_by"] == "rule":
        return bool(np.float32(record[name]) != np.float32(again[name]))
    return bool(record[name] != again[name])


def _format_text(content: dict[str, Any], wrong: str | None) -> str:
    rows = [("", "logged", "recomputed")]
    for name, value in content["logged"].items():
        pairs = zip_longest(_format_lines(value), _format_lines(content["recomputed"][name]), fillvalue="-")
        rows += [(name if not place else "", *pair) for place, pair in enumerate(pairs)]
    width = max(len(logged) for _, logged, _ in rows)
    lines = [f"  {name:<13} {logged:<{width}}  {again}" for name, logged, again in rows]
    verdict = f"differs: {', '.join(content['differs'])}" if content["differs"] else "the same"
    lines += [f"not as it was written: {wrong}"] if wrong else []
    by = content["version"] or "the rule of the image"
    return "\n".join([f"{content['id']}, by {by}, digest {content['digest'][:12]}", *lines, verdict])


def _format_lines(value: Any) -> list[str]:
    """Format a value as the lines that it is shown in."""
    values = value if isinstance(value, list) else [value]
    return ["-" if one is None else str(one) for one in values] or ["-"]
