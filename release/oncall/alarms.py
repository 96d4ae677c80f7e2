"""Alarms of the watch, as objects in the store: whoever is on call sees them from any machine that has the store.

An alarm is about one entry of the ledger, and open while that one is the newest. It is written once, never changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.ledger import LedgerEntry
from credit.registry.records import OneLineText, StoreRecord, remove_control_characters
from credit.registry.store import Store


class NewAlarm(NamedTuple):
    """A group in alarm since a moment, in words."""

    attribute: str
    group: str
    since: datetime
    text: str

    @property
    def subject(self) -> tuple[str, str]:
        """What the alarm is about: attribute and group."""
        return self.attribute, self.group


class Alarm(StoreRecord):
    """A group that is treated unequally beyond doubt by an entry. `answer`: what the watch did about it then."""

    environment: str
    entry: int = Field(ge=1)
    entry_id: str
    number: int = Field(ge=1)
    attribute: str
    group: str
    since: AwareDatetime
    text: OneLineText
    answer: OneLineText
    time: AwareDatetime

    @property
    def subject(self) -> tuple[str, str]:
        """What the alarm is about: attribute and group."""
        return self.attribute, self.group

    def __str__(self) -> str:
        return f"the watch, since {self.since:%Y-%m-%d %H:%M} UTC: {self.text}; {self.answer}"


def record_alarms(store: Store, environment: str, entry: LedgerEntry, found: Iterable[NewAlarm], answer: str) -> None:
    """Write those alarms of an entry that are not in the store yet. Of two watches at once one writes each."""
    known = {alarm.subject for alarm in read_alarms(store, environment, entry)}
    number = len(known)
    for new in found:
        while new.subject not in known:
            number += 1
            alarm = Alarm(
                environment=environment,
                entry=entry.number,
                entry_id=entry.id,
                number=number,
                attribute=new.attribute,
                group=new.group,
                since=new.since,
                text=remove_control_characters(new.text),
                answer=remove_control_characters(answer),
                time=datetime.now(UTC),
            )
            key = _build_key(environment, entry.number, number)
            written = store.create(key, alarm.serialize())
            known.add(new.subject if written else _read_alarm(store, key, entry).subject)


def read_alarms(store: Store, environment: str, entry: LedgerEntry) -> list[Alarm]:
    """Read the alarms of an entry, the oldest first. Raises CreditError when one is not valid, or of another entry."""
    folder = _build_folder(environment, entry.number)
    _, names = store.list_children(folder)
    return run_in_threads(lambda name: _read_alarm(store, f"{folder}/{name}", entry), names)


def _read_alarm(store: Store, key: str, entry: LedgerEntry) -> Alarm:
    where = f"{store.url}/{key}"
    alarm = Alarm.parse(store.read(key) or b"", where)
    if _build_key(alarm.environment, alarm.entry, alarm.number) != key or alarm.entry_id != entry.id:
        found = f"alarm {alarm.number} on entry {alarm.entry} of {alarm.environment}, {alarm.entry_id[:12]}"
        raise CreditError(Problem(where, found, f"one on entry {entry.number}, {entry.id[:12]}"))
    return alarm


def _build_folder(environment: str, entry: int) -> str:
    return f"alarms/{environment}/{entry:09d}"


def _build_key(environment: str, entry: int, number: int) -> str:
    return f"{_build_folder(environment, entry)}/{number:09d}.json"
