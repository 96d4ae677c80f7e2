"""Check ledgers against git: tags witness entries, and every live version has a tag."""

from collections.abc import Iterator

from credit.common.errors import CreditError, Problem
from credit.registry.chain import RESTORE_FIX, LedgerReport, examine_chain
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import UNREGISTERED, Version, match_version
from release.repository.git import is_in_repository
from release.repository.store_identity import Identification, identify_store
from release.repository.tags import Registry, read_registry


def check_ledger(ledger: Ledger) -> LedgerReport:
    """Check that a ledger is whole: by itself, and by the tags where there are any."""
    report = examine_chain(ledger)
    if not is_in_repository():
        return report
    registry, known = read_registry(), {problem.where for problem in report.problems}
    identity = identify_store(ledger.store, registry, ledger.environment)
    found = [one for one in _check_witnesses(ledger, registry, identity) if one.where not in known]
    return report._replace(problems=[*([identity.problem] if identity.problem else []), *report.problems, *found])


def describe_registration(entry: LedgerEntry) -> str:
    """Describe what git lacks of a live version: its tag, or the tag was withdrawn. Nothing when it lacks nothing."""
    if entry.version == UNREGISTERED:
        return f"{entry.version} is a working tree that was never registered: no tag says what it is"
    if not is_in_repository():
        return ""
    registry, version = read_registry(), match_version(entry.version)
    if version in registry.withdrawn:
        return f"{entry.version} is withdrawn, and decides all the same"
    if version in registry.versions:
        return ""
    return f"{entry.version} is in no tag here: it was put there by hand, or git fetch --force --tags is due"


def is_withdrawn(entry: LedgerEntry) -> bool:
    """Tell whether the tags withdraw the version of an entry."""
    return match_version(entry.version) in list_withdrawn()


def list_withdrawn() -> frozenset[Version]:
    """List the versions that the tags withdraw; none where git does not answer, which holds no rollback up."""
    try:
        return read_registry().withdrawn if is_in_repository() else frozenset()
    except CreditError:
        return frozenset()


def _check_witnesses(ledger: Ledger, registry: Registry, identity: Identification) -> Iterator[Problem]:
    for event in registry.list_events(ledger.environment):
        if event.entry_number is None or event.entry_hash is None or event.store not in identity.all_ids:
            continue
        found = ledger.hash_entry(event.entry_number)
        if found != event.entry_hash:
            what = "is gone" if found is None else "was changed"
            said = f"{what} since git tag {event.tag.name} was made of it"
            yield Problem(ledger.build_url(event.entry_number), said, fix=RESTORE_FIX)
