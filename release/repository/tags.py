"""The registry: annotated git tags in GTO's notation, read by one `git for-each-ref` because GTO takes seconds.

`credit-model@v1.2.0` registers a version and `credit-model@v1.2.0!#4` withdraws it; `credit-model#prod#3` puts the
version that is registered at its commit into an environment and `credit-model#prod!#4` withdraws that. Lightweight tags
are no part of the registry: they say neither who nor when.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.registry.identity import read_store_id
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ARTIFACT, Version, match_version, parse_version
from credit.registry.store import Store
from release.repository.git import has_origin, run_git

_FIELDS = ("objecttype", "refname:strip=2", "*objecttype", "*objectname", "taggername", "taggerdate:iso-strict")
_FORMAT = "%00".join(f"%({field})" for field in (*_FIELDS, "contents")) + "%01"
_EVENT_NAME = re.compile(rf"{ARTIFACT}#(?P<environment>[a-z][a-z0-9-]*)(?P<withdrawn>!)?#(?P<number>[1-9]\d*)")
_LEDGER_LINE = re.compile(r"^ledger: (?P<environment>\S+) (?P<number>\d+)$", re.MULTILINE)
_ENTRY_LINE = re.compile(r"^entry: (?P<hash>[0-9a-f]{64}) in (?P<store>[0-9a-f]{32})$", re.MULTILINE)


class Tag(NamedTuple):
    """An annotated tag of the artifact on a commit. `time`: ISO 8601."""

    name: str
    commit: str
    tagger: str
    time: str
    message: str


class Event(NamedTuple):
    """An environment got a version, or lost it.

    `entry_number`: of the ledger entry that came first, if one did; `entry_hash` and `store`: its SHA-256 and the
    identity of its store, None of a tag that older code made.
    """

    tag: Tag
    environment: str
    number: int
    is_withdrawal: bool
    version: Version | None
    entry_number: int | None
    entry_hash: str | None = None
    store: str | None = None

    def is_of(self, store: str | None) -> bool:
        """Tell whether the entry is one of this store, as far as the tag says."""
        return self.entry_number is not None and (self.store is None or self.store == store)


class Registry(NamedTuple):
    """All that the tags say. `lightweight`: tags that look like the artifact's and do not count."""

    versions: dict[Version, Tag]
    withdrawn: frozenset[Version]
    events: tuple[Event, ...]
    lightweight: tuple[str, ...]

    def list_events(self, environment: str) -> list[Event]:
        """List the events of an environment, the oldest first."""
        return [event for event in self.events if event.environment == environment]

    def find_version_at(self, commit: str) -> Version | None:
        """Find the version that is registered at a commit, the highest if there are several."""
        return max((version for version, tag in self.versions.items() if tag.commit == commit), default=None)

    def choose_event_number(self) -> int:
        """Choose the number of the next event: GTO counts those of an artifact across environments."""
        numbers = [int(found[1]) for name in self._list_event_names() if (found := re.search(r"#(\d+)$", name))]
        return max(numbers, default=0) + 1

    def _list_event_names(self) -> Iterable[str]:
        yield from (event.tag.name for event in self.events)
        yield from self.lightweight


def find_live_event(events: Iterable[Event]) -> Event | None:
    """Find the event that is current in an environment: the last one whose version was not withdrawn since."""
    current: dict[Version, Event] = {}
    for event in events:
        if event.version is None:
            continue
        current.pop(event.version, None)
        if not event.is_withdrawal:
            current[event.version] = event
    return next(reversed(current.values()), None)


def read_registry() -> Registry:
    """Read all tags of the artifact in this repository."""
    patterns = [f"refs/tags/{ARTIFACT}@*", f"refs/tags/{ARTIFACT}#*"]
    tags, lightweight = [], []
    for record in run_git("for-each-ref", f"--format={_FORMAT}", *patterns).split("\x01"):
        fields = record.lstrip("\n").split("\0")
        if len(fields) < 7:
            continue
        kind, name, of, commit, tagger, time, message = fields
        if kind == "tag" and of == "commit":
            tags.append(Tag(name, commit, tagger, time, message.strip()))
        else:
            lightweight.append(name)
    versions = {version: tag for tag in tags if (version := match_version(tag.name))}
    withdrawn = {v for tag in tags if (v := match_version(re.sub(r"!(#\d+)?$", "", tag.name))) and "!" in tag.name}
    registry = Registry(versions, frozenset(withdrawn), (), tuple(lightweight))
    events = [event for tag in tags if (event := _parse_event(registry, tag))]
    return registry._replace(events=tuple(sorted(events, key=lambda event: event.number)))


def require_tag(registry: Registry, version: Version) -> Tag:
    """Find the tag of a version. Raises CreditError when there is none, or it is lightweight or withdrawn."""
    tag = registry.versions.get(version)
    if version.tag in registry.lightweight:
        found = "is a lightweight tag, which says neither who nor when"
        raise CreditError(Problem(f"git tag {version.tag}", found, fix="delete it and release register"))
    if tag is None:
        there = ", ".join(map(str, sorted(registry.versions)[-10:])) or "none"
        fix = "git fetch --force --tags brings the tags of the remote"
        raise CreditError(Problem(f"git tag {version.tag}", f"no such tag (versions: {there})", fix=fix))
    if version in registry.withdrawn:
        raise CreditError(Problem(f"git tag {version.tag}", "is withdrawn", fix="name another version"))
    return tag


def assign_version(store: Store, environment: str, entry: LedgerEntry) -> str:
    """Assign an entry's version to its environment by a tag, once per entry; returns the tag's name.

    The tag carries the hash of the entry and the identity of its store, so that it witnesses both. Git itself makes
    the tag: GTO needs seconds once there are hundreds of them.
    """
    registry, identity = read_registry(), read_store_id(store)
    for event in registry.list_events(environment):
        if (event.is_of(identity) and event.entry_number == entry.number) or event.tag.name == entry.tag:
            return event.tag.name
    tag = require_tag(registry, parse_version(entry.version))
    name = f"{ARTIFACT}#{environment}#{registry.choose_event_number()}"
    message = f"{entry.reason}\n\nledger: {environment} {entry.number}\nkind: {entry.kind}\nby: {entry.actor}\n"
    message += f"store: {store.url}\n"
    if identity is not None:
        message += f"entry: {Ledger(store, environment).hash_entry(entry.number)} in {identity}\n"
    date = f"{_choose_tag_time(registry, entry)} +0000"
    run_git("tag", "--annotate", "--cleanup=verbatim", "--file=-", name, tag.commit, stdin=message, date=date)
    return name


def _choose_tag_time(registry: Registry, entry: LedgerEntry) -> int:
    """Choose the entry's own time, a Unix time, but after every event: GTO goes by these, in whole seconds."""
    times = [datetime.fromisoformat(event.tag.time).timestamp() + 1 for event in registry.events]
    return int(max(entry.time.timestamp(), *times)) if times else int(entry.time.timestamp())


def fetch_tags() -> None:
    """Fetch the tags of origin. Forced, because a checkout on GitHub rewrites annotated tags."""
    if has_origin():
        run_git("fetch", "--quiet", "--force", "--tags", "origin")


def push_tag(tag: str) -> None:
    """Push one tag to origin. Raises CreditError when that has another tag of this name."""
    run_git("push", "--quiet", "origin", f"refs/tags/{tag}")


def push_new_tag(tag: str) -> None:
    """Push a tag that was just made, or delete it again: left here, it would be another version under a taken name.

    Raises CreditError when origin did not take it. A push of which only the answer was lost is none that failed.
    """
    try:
        push_tag(tag)
    except CreditError as error:
        try:
            arrived = find_tag_at_origin(tag) == run_git("rev-parse", f"refs/tags/{tag}").strip()
        except CreditError:
            arrived = False
        if arrived:
            return
        run_git("tag", "--delete", tag)
        fix = (
            "the tag is deleted here again; git fetch --force --tags, then the same command registers the next version"
        )
        raise CreditError([problem._replace(fix=fix) for problem in error.problems]) from None


def find_tag_at_origin(tag: str) -> str | None:
    """Find the object of a tag at origin; None without one. Raises CreditError when origin does not answer."""
    return run_git("ls-remote", "--tags", "origin", f"refs/tags/{tag}").partition("\t")[0].strip() or None


def push_missing_tags() -> list[str]:
    """Push every annotated tag of the artifact that origin does not have; returns their names."""
    registry = read_registry()
    here = [tag.name for tag in registry.versions.values()] + [event.tag.name for event in registry.events]
    there = {line.partition("refs/tags/")[2] for line in run_git("ls-remote", "--tags", "origin").splitlines()}
    missing = [name for name in here if name not in there]
    if missing:
        run_git("push", "--quiet", "origin", *(f"refs/tags/{name}" for name in missing))
    return missing


def _parse_event(registry: Registry, tag: Tag) -> Event | None:
    match = _EVENT_NAME.fullmatch(tag.name)
    if match is None:
        return None
    follows, witness = _find_last(_LEDGER_LINE, tag.message), _find_last(_ENTRY_LINE, tag.message)
    entry = int(follows["number"]) if follows and follows["environment"] == match["environment"] else None
    withdrawn = match["withdrawn"] is not None
    version = registry.find_version_at(tag.commit)
    event = Event(tag, match["environment"], int(match["number"]), withdrawn, version, entry)
    return event._replace(entry_hash=witness["hash"], store=witness["store"]) if witness else event


def _find_last(pattern: re.Pattern[str], message: str) -> re.Match[str] | None:
    """Find the last line that fits: a person's reason may have such a line too."""
    return next(reversed(list(pattern.finditer(message))), None)
