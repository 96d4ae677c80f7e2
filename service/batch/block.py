"""Decide a block of applications as the API would, in this process or in one that was sent it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic_core import to_json

from credit.bundle.final_decision import FinalDecision
from credit.common.errors import CreditError, Problem, raise_if_any
from service.batch.source import RowBatch, RowBlock, list_needed_columns, read_block
from service.batch.tally import ScoringTally
from service.engine.live_version import LiveVersion
from service.engine.loading import PackedVersion, load_packed

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


class OutputSchemas(NamedTuple):
    """The columns of both output files."""

    decisions: pa.Schema
    rejections: pa.Schema


class DecidedBlock(NamedTuple):
    """The rows of both output files that a block becomes, and their counts."""

    decisions: pa.Table
    rejections: pa.Table
    tally: ScoringTally


def build_schemas(id_type: pa.DataType | None) -> OutputSchemas:
    """Build the schemas of the output files; the contract's id comes second, when the file has it."""
    identifier = [] if id_type is None else [("id", id_type)]
    built = []
    for columns in (_DECISION_COLUMNS, _REJECTION_COLUMNS):
        row, *others = columns.items()
        built.append(pa.schema([row, *identifier, *others]))
    return OutputSchemas(*built)


def decide_block(packed: PackedVersion, schemas: OutputSchemas, block: RowBlock) -> DecidedBlock:
    """Decide every row of a block, or say what is wrong with it."""
    serving = load_packed(packed)
    part = read_block(block, list_needed_columns(serving.bundle))
    good, bad = _decide_rows(serving, part)
    decided = [(place, _build_row(serving, decision)) for place, decision in good]
    rejected = [(place, {"problems": list(map(str, found))}) for place, found in bad]
    tally = ScoringTally()
    tally.add_rows([decision for _, decision in good], [found for _, found in bad])
    tally.folded.update(one for place, _ in good for one in serving.derivations.list_folded(part.rows[place]))
    return DecidedBlock(
        _build_table(schemas.decisions, part, block.before, decided),
        _build_table(schemas.rejections, part, block.before, rejected),
        tally,
    )


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
