"""Recompute a decision of the log from the version that made it. Reads only: the log, its spool and the store."""

from typing import Any

from credit.errors import CreditError, Problem
from credit.registry import names, published
from credit.registry.ledger import Entry
from credit.registry.store import Store
from service.cache import Cache
from service.files.score import asked
from service.loading import deployed, of_folder
from service.log.database import Database, Record
from service.serving import Serving
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
    with published.fetched(store, publication) as folder:
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


def _published(record: Record, store: Store) -> published.Published | None:
    """The version in the store; of a decision by no version, such as the image's rule, one with the same bundle."""
    if record["version"] is not None:
        return published.find(store, names.version_of(record["version"]))
    known = (published.find(store, version) for version in published.versions(store))
    return next((one for one in known if one is not None and one.digest == record["digest"]), None)
