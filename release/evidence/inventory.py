"""The inventory: every version with its owner, tier, status and last validation."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import yaml

from credit.common.candidate_names import HEURISTIC
from credit.common.errors import CreditError
from credit.registry import versions
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ARTIFACT, ENVIRONMENTS, Version
from credit.registry.store import Store
from credit.reports.base import ReportPart
from credit.reports.choice import Choice
from release.repository.revision import Revision
from release.repository.tags import Registry, Tag

NOT_NAMED = "nobody has said"


class InventoryRow(ReportPart):
    """A version. `kind`: rule, where no model decides; `validated`: when it was last checked by `release register`."""

    version: str
    kind: str
    candidate: str
    owner: str
    tier: str
    status: str
    verdict: str
    validated: str
    digest: str | None


def list_inventory(store: Store, registry: Registry, at: datetime | None) -> list[InventoryRow]:
    """List every registered version in order, as of a moment, or of now."""
    histories = {name: _read_until(Ledger(store, name), at) for name in ENVIRONMENTS}
    known = {version: tag for version, tag in sorted(registry.versions.items()) if _is_before(tag, at)}
    return [_describe(store, registry, version, tag, histories) for version, tag in known.items()]


def _is_before(tag: Tag, at: datetime | None) -> bool:
    return at is None or datetime.fromisoformat(tag.time) <= at


def _read_until(ledger: Ledger, at: datetime | None) -> list[LedgerEntry]:
    return [entry for entry in ledger.read_entries() if at is None or entry.time <= at]


def _describe(
    store: Store, registry: Registry, version: Version, tag: Tag, histories: dict[str, list[LedgerEntry]]
) -> InventoryRow:
    revision = Revision(tag.name, tag.commit)
    record = versions.find_version(store, version)
    choice = _read_choice(revision)
    candidate = record.candidate if record else choice.champion if choice else "unknown"
    meta = _read_meta(revision)
    return InventoryRow(
        version=str(version),
        kind="rule" if candidate == HEURISTIC else "model",
        candidate=candidate,
        owner=str(meta.get("owner", NOT_NAMED)),
        tier=str(meta.get("tier", NOT_NAMED)),
        status="; ".join(_list_states(version, version in registry.withdrawn, record is not None, histories)),
        verdict=(choice.chosen.verdict if choice else None) or "no report that this code can read",
        validated=tag.time,
        digest=record.digest if record else None,
    )


def _list_states(
    version: Version, withdrawn: bool, published: bool, histories: dict[str, list[LedgerEntry]]
) -> Iterator[str]:
    """List what a version is: where it is or was live, and else how far it came."""
    if withdrawn:
        yield "withdrawn"
    found = False
    for name, entries in histories.items():
        mine = [entry for entry in entries if entry.version == str(version)]
        if mine and mine[0] is entries[0]:
            yield f"{'its rule decides' if mine[0].kind == 'fallback' else 'live'} in {name}"
        elif mine:
            newer = entries[entries.index(mine[0]) - 1]
            yield f"was live in {name} until {newer.time:%Y-%m-%d}"
        found = found or bool(mine)
    if not found and not withdrawn:
        yield "published, never live" if published else "registered, not published"


def _read_choice(revision: Revision) -> Choice | None:
    try:
        return Choice.read_at(revision, Choice.PATH)
    except CreditError:
        return None  # of other code; the row says so


def _read_meta(revision: Revision) -> dict[str, Any]:
    """Read what dvc.yaml says of the artifact under `meta`: owner and tier."""
    try:
        content = yaml.load(revision.read_text("dvc.yaml") or "{}", yaml.CSafeLoader)
        meta = content["artifacts"][ARTIFACT]["meta"]
    except (yaml.YAMLError, KeyError, TypeError):
        return {}
    return meta if isinstance(meta, dict) else {}
