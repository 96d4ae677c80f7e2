"""Decide applications and record the decisions, together those that arrive together."""

import asyncio
import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.decision_log.database import DecisionRow
from credit.decision_log.group_commit import Writer, WriteRequest
from credit.decision_log.log import KeyConflictError, RecordedRequest
from service.engine.decision_records import RecordOrigin, build_record, fingerprint_request
from service.engine.live_version import FinalDecision, LiveVersion
from service.engine.model_thread import DecisionResult, DecisionTask, ModelThread
from service.engine.requests import ApplicationRequest


class RecordingError(CreditError):
    """A decision that could not be made durable, so that nobody may be told of it."""


class _PendingRequest(NamedTuple):
    """An application, its caller, and the future that waits for its decision."""

    serving: LiveVersion
    asked: ApplicationRequest
    caller: str
    key: str | None
    answer: "asyncio.Future[list[DecisionRow]]"


class Batcher:
    """Decides. Applications that arrive while others are being recorded are decided and recorded together.

    So the more callers there are, the more share one pass through the model and one write to the disk, and a lone
    caller does not wait. Batches have a model thread of their own, so that nobody waits behind one.
    """

    def __init__(self, writer: Writer, seconds: float, environment: str) -> None:
        self._writer, self._environment = writer, environment
        self._one, self._many = ModelThread("one", seconds), ModelThread("many", seconds)
        self._batches = ThreadPoolExecutor(1, "batches")
        self._waiting: list[_PendingRequest] = []
        self._recording = False

    async def decide(
        self, serving: LiveVersion, asked: ApplicationRequest, caller: str, key: str | None
    ) -> DecisionRow:
        """Decide one application and return its record; for an idempotency key used before, the earlier record.

        Raises CreditError when the contract of the version refuses a value, KeyConflictError when the key belongs to
        another request, RecordingError when the log is away.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[DecisionRow]] = loop.create_future()
        self._waiting.append(_PendingRequest(serving, asked, caller, key, answer))
        if len(self._waiting) == 1 and not self._recording:
            loop.call_soon(self._decide_pending, loop)
        return (await answer)[0]

    async def decide_batch(
        self, serving: LiveVersion, asked: Sequence[ApplicationRequest], caller: str, key: str | None
    ) -> list[DecisionRow]:
        """Decide a batch and record all of it or nothing. Raises as `decide` does."""
        loop = asyncio.get_running_loop()
        questions = [DecisionTask(serving, one.application) for one in asked]
        results = await loop.run_in_executor(self._batches, self._many.decide, questions)
        raise_if_any([p for i, result in enumerate(results) for p in _locate_problems(f"applications.{i}.", result)])
        now = datetime.now(UTC)
        origin = self._find_origin("batch", asked, caller, key)
        records = [
            build_record(serving, one, result, origin, now, i)
            for i, (one, result) in enumerate(zip(asked, results, strict=True))
            if isinstance(result, FinalDecision)
        ]
        answer: asyncio.Future[list[DecisionRow]] = loop.create_future()
        self._writer.put(WriteRequest([records], lambda holds: loop.call_soon_threadsafe(_settle_batch, answer, holds)))
        return await answer

    def _find_origin(
        self, kind: Literal["one", "batch"], asked: Sequence[ApplicationRequest], caller: str, key: str | None
    ) -> RecordOrigin:
        fingerprint = None if key is None else fingerprint_request(kind, asked)
        return RecordOrigin(caller, self._environment, key, fingerprint)

    def reset(self) -> None:
        """Forget, after a swap, that the old version's model was too slow."""
        self._one.reset()
        self._many.reset()

    def close(self) -> None:
        """Decide the queued applications, then end the threads."""
        self._batches.shutdown()
        self._one.close()
        self._many.close()

    def _decide_pending(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting, self._waiting = self._waiting, []
        results = self._one.decide([DecisionTask(one.serving, one.asked.application) for one in waiting])
        now, requests, answers = datetime.now(UTC), [], []
        for (serving, asked, caller, key, answer), result in zip(waiting, results, strict=True):
            if isinstance(result, Exception):
                _refuse(
                    answer, CreditError(_locate_problems("", result)) if isinstance(result, CreditError) else result
                )
                continue
            origin = self._find_origin("one", [asked], caller, key)
            requests.append([build_record(serving, asked, result, origin, now)])
            answers.append(answer)
        if requests:
            self._recording = True
            recorded = functools.partial(self._settle_answers, loop, answers)
            self._writer.put(WriteRequest(requests, lambda holds: loop.call_soon_threadsafe(recorded, holds)))

    def _settle_answers(
        self,
        loop: asyncio.AbstractEventLoop,
        answers: "Sequence[asyncio.Future[list[DecisionRow]]]",
        holds: list[RecordedRequest] | CreditError,
    ) -> None:
        self._recording = False
        for i, answer in enumerate(answers):
            _settle(answer, holds if isinstance(holds, CreditError) else holds[i])
        if self._waiting:
            self._decide_pending(loop)


def _locate_problems(place: str, result: DecisionResult) -> list[Problem]:
    """List the problems of one well-formed application: derived values that the contract does not allow.

    Raises the error for which neither the model nor the rule could decide.
    """
    if isinstance(result, FinalDecision):
        return []
    if not isinstance(result, CreditError):
        raise result
    return [problem._replace(where=f"{place}application.{problem.where}") for problem in result.problems]


def _refuse(answer: "asyncio.Future[Any]", error: Exception) -> None:
    if not answer.done():  # who asked may have gone
        answer.set_exception(error)


def _settle(answer: "asyncio.Future[list[DecisionRow]]", holds: RecordedRequest | CreditError) -> None:
    if isinstance(holds, KeyConflictError):
        _refuse(answer, holds)
    elif isinstance(holds, CreditError):
        _refuse(answer, RecordingError(holds.problems))
    elif not answer.done():
        answer.set_result(holds)


def _settle_batch(answer: "asyncio.Future[list[DecisionRow]]", holds: list[RecordedRequest] | CreditError) -> None:
    _settle(answer, holds if isinstance(holds, CreditError) else holds[0])
