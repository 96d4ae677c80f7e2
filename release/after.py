"""What follows an entry in the ledger: the services take it up, and git gets its tag."""

from typing import Any, NamedTuple

from credit.errors import CreditError
from credit.registry.ledger import Entry
from credit.registry.names import UNREGISTERED
from release import service, tags
from release.git import in_repository
from release.live import RULE


class Tagged(NamedTuple):
    """The tag of an entry, or why there is none yet."""

    tag: str | None
    pushed: bool
    note: str


def tag_of(environment: str, entry: Entry, push: bool) -> Tagged:
    """Tag what is live, if git is within reach. What is live does not depend on it."""
    if not has_tag(entry):
        why = "the version stays" if entry.kind == "fallback" else f"{entry.version} is not a registered version"
        return Tagged(None, False, f"git:   no tag, {why}")
    if not in_repository():
        return Tagged(None, False, "git:   no repository here; release sync tags it from one that has the tags")
    name = None
    try:
        name = tags.assign(environment, entry)
        if push:
            tags.push(name)
    except CreditError as error:
        did = f"tagged {name} here only" if name else "not tagged"
        return Tagged(name, False, f"git:   {did} ({error}); release sync --push does it when git is back")
    where = "pushed" if push else "here only; git push origin --tags"
    return Tagged(name, push, f"git:   {name}, {where}")


def has_tag(entry: Entry) -> bool:
    """Whether git says of an entry what it put where."""
    return entry.kind != "fallback" and entry.version != UNREGISTERED


def late_services(entry: Entry, seconds: float) -> list[str]:
    """The services that did not take up an entry in time; none when no service is configured.

    A configuration that is wrong is told like a service that is late: the entry is made, and must not go untold.
    """
    try:
        urls = service.addresses()
    except CreditError as error:
        return [str(error)]
    return service.wait_for(entry, urls, seconds) if urls else []


def who_decides(entry: Entry) -> str:
    """The version, or the rule beside it."""
    return f"the {RULE} of {entry.version}" if entry.kind == "fallback" else entry.version


def told(environment: str, entry: Entry | None, before: Entry | None) -> dict[str, Any]:
    """For --json."""
    return {
        "environment": environment,
        "entry": entry.model_dump(mode="json", exclude_none=True) if entry else None,
        "before": before.model_dump(mode="json", exclude_none=True) if before else None,
    }
