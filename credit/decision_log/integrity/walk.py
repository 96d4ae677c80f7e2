"""Walk along the chain of a writer and name the rows that are not as they were written."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from credit.decision_log.integrity.chain import GENESIS, ChainedTable, Hasher, Head
from credit.decision_log.integrity.findings import Finding, FindingKind
from credit.decision_log.integrity.reading import Row
from credit.decision_log.integrity.removed import RemovedRange

_WINDOW = 1_000
"""Rows that are looked ahead for one that follows, where a row does not."""

RowCheck = Callable[[Row], str | None]
"""A check beyond the hashes: what is wrong with a row, None when nothing is."""


def check_content(kind: ChainedTable, hasher: Hasher, row: Row) -> str | None:
    """Check a row against the hashes that it carries; None when it is as it was written."""
    problems = []
    if row["salt"] is None:
        if row["erased_by"] is None or any(row[name] is not None for name in kind.personal):
            problems.append("personal values are gone, or there again, without an erasure")
    elif row["erased_by"] is not None or hasher.hash_personal(row) != row["personal_hash"]:
        problems.append(f"another hash of {', '.join(kind.personal)}")
    try:
        same = hasher.hash_row(row) == row["row_hash"]
    except (TypeError, ValueError):
        same = False  # values that no row was ever written with
    return "; ".join([*problems, *([] if same else ["another hash of the row"])]) or None


class ChainWalk:
    """A walk along one chain. `points`: the hashes that checkpoints have for places; `removed`: rows gone by age."""

    def __init__(
        self,
        kind: ChainedTable,
        writer: str,
        points: Mapping[int, set[str]],
        check: RowCheck,
        removed: Sequence[RemovedRange] = (),
    ) -> None:
        self._kind, self._writer, self._points, self._check = kind, writer, points, check
        self._removed_from = {one.first: one for one in removed}
        self._removed_to = {one.last: one for one in removed}
        self._hasher = Hasher(kind)
        self._head, self.last_place, self._was_found = GENESIS, 0, False
        self._last_id, self._may_share = "", False
        self.rows = self.erased = self.checkpoints = self.removed = 0

    @property
    def head(self) -> Head:
        """The row up to which it came."""
        return Head(self._writer, self.last_place, self._head)

    def start_after(self, row: Row | None, place: int) -> None:
        """Start in the middle, after a row that is not checked itself; None: it is missing."""
        cut = self._removed_to.get(place)
        self._head = row["row_hash"] if row is not None else cut.row_hash if cut is not None else ""
        self.last_place, self._last_id = place, row["id"] if row is not None else ""

    def walk(self, rows: Iterable[Row], is_whole: bool) -> Iterator[Finding]:
        """Walk along the rows; `is_whole`: to the end of the chain, so that none may be missing there."""
        coming = iter(rows)
        ahead: deque[Row] = deque(islice(coming, 3))
        while ahead:
            yield from self._step_over_removed()
            row = ahead.popleft()
            if self._is_extra(row, ahead):
                yield self._skip(row)
            else:
                found = list(self._judge(row, ahead, coming))
                yield from found
                self._step(row, found)
            ahead.extend(islice(coming, max(0, 3 - len(ahead))))
        yield from self._step_over_removed()
        end = max(self._points, default=0)
        if is_whole and self.last_place < end:
            yield self._name(
                "deleted", self.last_place + 1, "", f"{end - self.last_place:,} rows that a checkpoint has are missing"
            )

    def _step_over_removed(self) -> Iterator[Finding]:
        """Go on behind rows that an event of the log removed, if it removed those that belong here."""
        while (cut := self._removed_from.get(self.last_place + 1)) is not None and cut.previous == self._head:
            self._head, self.last_place, self._last_id = cut.row_hash, cut.last, ""
            self.removed += cut.last - cut.first + 1
            yield from self._judge_point({"sequence": cut.last, "row_hash": cut.row_hash, "id": ""})

    def _is_extra(self, row: Row, ahead: deque[Row]) -> bool:
        """Tell whether a row was put in before another one that follows as well, and which the chain goes on with."""
        follows = [one["previous"] == self._head for one in (row, *islice(ahead, 1))]
        return len(ahead) > 1 and all(follows) and ahead[1]["previous"] == ahead[0]["row_hash"] != row["row_hash"]

    def _skip(self, row: Row) -> Finding:
        """Pass over a row that was put in: the chain goes on from the one before."""
        self.rows += 1
        self.last_place, self._may_share = max(self.last_place, row["sequence"]), True
        return self._name("inserted", row["sequence"], row["id"], "the chain goes on without it")

    def _step(self, row: Row, found: list[Finding]) -> None:
        self._was_found = bool(found)
        if any(one.kind == "inserted" for one in found):
            return
        self.rows += 1
        self.erased += row["salt"] is None
        self._head, self.last_place, self._last_id = row["row_hash"], row["sequence"], row["id"]
        self._may_share = False

    def _judge(self, row: Row, ahead: deque[Row], coming: Iterator[Row]) -> Iterator[Finding]:
        wrong = check_content(self._kind, self._hasher, row) or self._check(row)
        if wrong is not None:
            yield self._name("altered", row["sequence"], row["id"], wrong)
        if row["previous"] != self._head:
            yield from self._judge_link(row, ahead, coming, wrong is not None)
        elif row["sequence"] - self.last_place not in ((0, 1) if self._may_share else (1,)) and wrong is None:
            yield self._name("altered", row["sequence"], row["id"], f"its place was {self.last_place + 1}")
        yield from self._judge_point(row)

    def _judge_link(self, row: Row, ahead: deque[Row], coming: Iterator[Row], is_altered: bool) -> Iterator[Finding]:
        """Tell why a row does not follow the one before."""
        place, expected = row["sequence"], self.last_place + 1
        ahead.extend(islice(coming, max(0, _WINDOW - len(ahead))))
        if place < expected or (ahead and ahead[0]["previous"] == self._head):
            if not is_altered:
                yield self._skip(row)
        elif any(later["previous"] == self._head for later in ahead):
            yield self._name("reordered", place, row["id"], "another row belongs before it")
        elif place > expected:
            text = f"{place - expected:,} rows before it are missing: deleted, or in the spool of another machine"
            yield self._name("deleted", expected, row["id"], text)
        elif is_altered or self._was_found:
            return  # the row itself, or the one before, was named already
        elif self._last_id:
            text = "the row after it has another hash of it: it was hashed anew, or rows after it are gone"
            yield self._name("altered", self.last_place, self._last_id, text)
        else:
            yield self._name("deleted", 1, row["id"], "the beginning of the chain is missing")

    def _judge_point(self, row: Row) -> Iterator[Finding]:
        hashes = self._points.get(row["sequence"])
        if hashes is None:
            return
        self.checkpoints += 1
        if hashes != {row["row_hash"]}:
            text = "the checkpoint has another hash: this row, or one since the checkpoint before, is another one"
            yield self._name("rewritten", row["sequence"], row["id"], text)

    def _name(self, kind: FindingKind, place: int, identifier: Any, text: str) -> Finding:
        return Finding(kind, self._kind.table.name, self._writer, place, str(identifier), text)
