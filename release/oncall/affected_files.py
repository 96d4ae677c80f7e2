"""Write the decisions that a version made as a table, for letters and for deciding again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from credit.common.files import atomic_write
from release.oncall.affected import AffectedDecision


def dump_affected(one: AffectedDecision) -> dict[str, Any]:
    """Dump one decision with its reasons and references, beside the one that would be made now."""
    logged, now = one.logged, one.now
    return {
        **logged.model_dump(exclude={"inputs"}),
        "now_decision": now.decision if now else None,
        "now_score": now.score if now else None,
        "now_reasons": list(now.reasons) if now else None,
        "now_reason_codes": list(now.reason_codes) if now else None,
        "now_decided_by": now.decided_by if now else None,
        "now_rule_because": one.rule_because,
        "changed": one.has_changed,
        "why_not": one.why_not,
    }


def write_affected(path: Path, affected: Sequence[AffectedDecision]) -> None:
    """Write a Parquet file with a row per decision, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, texts, number = pa.string(), pa.list_(pa.string()), pa.float64()
    types = {
        "id": text,
        "decided_at": pa.timestamp("us", "UTC"),
        "decision": text,
        "score": number,
        "reasons": texts,
        "reason_codes": texts,
        "decided_by": text,
        "rule_because": text,
        "version": text,
        "digest": text,
        "entry": pa.int64(),
        "caller": text,
        "applicant": text,
        "idempotency_key": text,
        "repeat_of": text,
        "now_decision": text,
        "now_score": number,
        "now_reasons": texts,
        "now_reason_codes": texts,
        "now_decided_by": text,
        "now_rule_because": text,
        "changed": pa.bool_(),
        "why_not": text,
    }
    table = pa.Table.from_pylist([dump_affected(one) for one in affected], pa.schema(list(types.items())))
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
