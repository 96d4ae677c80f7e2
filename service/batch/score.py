"""Decide every application of a file; rows that break the contract go to another file, with their problems."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic_core import to_json
from tqdm import tqdm

from credit.bundle.final_decision import FinalDecision
from credit.common.errors import CreditError, Problem, raise_if_any
from service.batch.sink import open_sink
from service.batch.source import ApplicationSource, RowBatch, open_source
from service.engine.live_version import LiveVersion

_DECISION_COLUMNS = {
    "row": pa.int64(),
    "decision": pa.string(),
    "score": pa.float64(),
    "reasons": pa.list_(pa.string()),
    "reason_codes": pa.list_(pa.string()),
    "decided_by": pa.string(),
    "rule_because": pa.string(),
    "version": pa.string(),
    "digest": pa.string(),
}
_REJECTION_COLUMNS = {"row": pa.int64(), "problems": pa.list_(pa.string())}

RowRejection = tuple[int, list[Problem]]
RowDecision = tuple[int, FinalDecision]


@dataclass
class ScoringTally:
    """Counts of rows by result.

    `broken`: rows by column and by the values that the contract expects of it; `folded`: decided rows by column and by
    the level that the one of the file counts as.
    """

    ignored: tuple[str, ...]
    rows: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    folded: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add_rows(self, good: Iterable[RowDecision], bad: Iterable[RowRejection]) -> None:
        """Add decided and rejected rows to the counts."""
        for _, (decision, because) in good:
            self.rows += 1
            self.decisions[decision.decision] += 1
            self.by_rule.update([because] if because else [])
        for _, problems in bad:
            self.rows += 1
            self.broken.update({(problem.where, problem.expected) for problem in problems})

    @property
    def decided(self) -> int:
        """The number of rows with a decision."""
        return self.decisions.total()


def score_file(serving: LiveVersion, path: Path, out: Path, rejected: Path) -> ScoringTally:
    """Write a decision per row of the file, or folder of files, to `out`; rows that break the contract to `rejected`.

    Raises CreditError, and writes neither, when a column is missing or the file is not readable to its end.
    """
    source = open_source(path, serving.bundle)
    tally, total = ScoringTally(source.ignored), source.count_rows()
    columns, aside = _build_schema(_DECISION_COLUMNS, source), _build_schema(_REJECTION_COLUMNS, source)
    with (
        open_sink(rejected, aside) as set_aside,
        open_sink(out, columns) as write,
        tqdm(total=total, desc="score", unit=" rows", disable=None) as progress,
    ):
        for part in source.stream_batches():
            good, bad = _decide_rows(serving, part)
            write(_build_table(columns, part, tally.rows, [(i, _build_row(serving, decided)) for i, decided in good]))
            set_aside(
                _build_table(aside, part, tally.rows, [(i, {"problems": list(map(str, found))}) for i, found in bad])
            )
            tally.add_rows(good, bad)
            tally.folded.update(one for i, _ in good for one in serving.derivations.list_folded(part.rows[i]))
            progress.update(len(part.rows))
    return tally


def parse_application(serving: LiveVersion, values: dict[str, Any]) -> dict[str, Any]:
    """Parse an application as the API would. Raises CreditError with every value that it would refuse."""
    content = {"application": values}
    try:
        return serving.requests.parse(to_json(content, inf_nan_mode="constants")).application
    except CreditError as error:
        raise CreditError([p._replace(where=p.where.removeprefix("application.")) for p in error.problems]) from None


def _decide_rows(serving: LiveVersion, part: RowBatch) -> tuple[list[RowDecision], list[RowRejection]]:
    good, bad = [], []
    for place, row in enumerate(part.rows):
        unread = part.misfits.get(place, [])
        try:
            application = parse_application(serving, row)
            raise_if_any(unread)
            good.append((place, serving.decide(application)))
        except CreditError as error:
            named = {problem.where for problem in unread}
            bad.append((place, [*unread, *(problem for problem in error.problems if problem.where not in named)]))
    return good, bad


def _build_row(serving: LiveVersion, decided: FinalDecision) -> dict[str, Any]:
    origin = {
        "rule_because": decided.rule_because,
        "version": serving.version,
        "digest": serving.bundle.manifest.digest,
    }
    return decided.decision._asdict() | origin


def _build_schema(columns: dict[str, pa.DataType], source: ApplicationSource) -> pa.Schema:
    """Build the schema of an output file; the contract's id comes second, when the file has it."""
    row, *others = columns.items()
    return pa.schema([row, *([("id", source.id_type)] if source.id else []), *others])


def _build_table(
    schema: pa.Schema, part: RowBatch, before: int, answers: Sequence[tuple[int, dict[str, Any]]]
) -> pa.Table:
    """Build the table of answers, each with its row's place in the part; `before`: rows of the file before the part."""
    places = pa.array([place for place, _ in answers], pa.int64())
    given: dict[str, Any] = {"row": [before + place + 1 for place, _ in answers]}
    ids = [] if part.ids is None else [part.ids.take(places)]
    others = schema.names[1 + len(ids) :]
    given |= {name: [answer[name] for _, answer in answers] for name in others}
    arrays = [pa.array(given[name], schema.field(name).type) for name in ["row", *others]]
    return pa.Table.from_arrays([arrays[0], *ids, *arrays[1:]], schema=schema)
