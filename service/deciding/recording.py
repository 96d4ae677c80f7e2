"""Put decided applications into the log, and tell those who wait for them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from credit.bundle.final_decision import FinalDecision
from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.group_commit import WriteCallback, Writer, WriteRequest
from credit.decision_log.repeats import KeyConflictError, RecordedRequest
from service.deciding.decision_records import RecordOrigin, build_record, fingerprint_request
from service.deciding.tasks import DecisionTask
from service.engine.requests import ApplicationRequest


class RecordingError(CreditError):
    """A decision that could not be made durable, so that nobody may be told of it."""


class RecordedDecisions(NamedTuple):
    """The decisions of a request that are in the log. `is_repeat`: they are those of an earlier one under its key."""

    records: list[DecisionRow]
    is_repeat: bool


AnswerFuture = asyncio.Future[RecordedDecisions]


class Recorder:
    """Builds the records of an environment for the writer."""

    def __init__(self, writer: Writer, environment: str) -> None:
        self._writer, self._environment = writer, environment

    def find_origin(
        self, kind: Literal["one", "batch"], asked: Sequence[ApplicationRequest], caller: str, key: str | None
    ) -> RecordOrigin:
        """Find what the record says of a request's origin."""
        fingerprint = None if key is None else fingerprint_request(kind, asked)
        return RecordOrigin(caller, self._environment, key, fingerprint)

    def write(self, requests: list[list[DecisionRow]], callback: WriteCallback) -> None:
        """Queue the decisions of requests; returns at once."""
        self._writer.put(WriteRequest(requests, callback))


def build_records(tasks: Sequence[DecisionTask], origin: RecordOrigin) -> list[DecisionRow]:
    """Build the records of the decided tasks of one request, in their order."""
    now = datetime.now(UTC)
    return [
        build_record(task.serving, task.asked, task.result, origin, now, place)
        for place, task in enumerate(tasks)
        if isinstance(task.result, FinalDecision)
    ]


def locate_problems(place: str, error: CreditError) -> list[Problem]:
    """Locate the problems of one well-formed application: derived values that the contract does not allow."""
    return [problem._replace(where=f"{place}application.{problem.where}") for problem in error.problems]


def refuse(answer: AnswerFuture, error: Exception) -> None:
    """End the wait for an answer by an error."""
    if not answer.done():  # who asked may have gone
        answer.set_exception(error)


def settle(answer: AnswerFuture, built: list[DecisionRow], recorded: RecordedRequest | CreditError) -> None:
    """End the wait for an answer by what the log has of it."""
    if isinstance(recorded, KeyConflictError):
        refuse(answer, recorded)
    elif isinstance(recorded, CreditError):
        refuse(answer, RecordingError(recorded.problems))
    elif not answer.done():
        answer.set_result(RecordedDecisions(recorded, recorded[0]["id"] != built[0]["id"]))
