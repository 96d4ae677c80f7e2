"""Compare a candidate with the version in production on the same rows: the change of each group's figures.

The table is group x label x production's decision x candidate's decision.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract import Contract
from credit.contract.groups import list_group_labels
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.intervals import invert_interval
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import encode_interval, encode_number
from credit.fairness.inputs import (
    Groups,
    check_same_groups,
    encode_decisions,
    encode_groups,
    find_code_problems,
    list_attribute_groups,
    parse_labels,
)
from credit.fairness.metrics import PeopleTable
from credit.fairness.policies import Limit, VerdictRules
from credit.fairness.verdicts import reject_by_holm
from credit.fairness.versions.changes import (
    ChangeEstimate,
    estimate_rate_change,
    estimate_ratio_change,
)
from credit.reports.fairness import ChangeFinding, VersionComparison
from credit.reports.figures import GroupLabels, label_group
from credit.scoring.policy import DECISION_KINDS


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Tables per attribute, shape (groups, 2, 3, 3), the reference first. `+` adds those of another partition."""

    groups: Groups
    people: dict[str, NDArray[np.int64]]
    labels: GroupLabels = field(default_factory=dict)

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        check_same_groups(self.groups, other.groups)
        return replace(self, people={name: table + other.people[name] for name, table in self.people.items()})


def count_paired_people(
    groups: Groups, codes: Mapping[str, ArrayLike], labels: ArrayLike, production: ArrayLike, candidate: ArrayLike
) -> PairedCounts:
    """Count rows by the decisions of both versions; inputs as of `counts.count_people`, shape (n,) each."""
    outcome, before, after = parse_labels(labels), encode_decisions(production), encode_decisions(candidate)
    if not len(outcome) == len(before) == len(after):
        found = f"{len(outcome)} labels, {len(before)} and {len(after)} decisions"
        raise CreditError(Problem("rows", found, "one of each per person"))
    raise_if_any(list(find_code_problems(groups, codes, len(outcome))))
    cell = (outcome * 3 + before) * 3 + after
    return PairedCounts(
        groups,
        {
            name: np.bincount(np.asarray(codes[name]).astype(np.int64) * 18 + cell, minlength=18 * len(names)).reshape(
                -1, 2, 3, 3
            )
            for name, names in groups.items()
        },
    )


def compare_versions(counts: PairedCounts, limit: Limit | None, rules: VerdictRules) -> VersionComparison:
    """Compare the versions per attribute and group: the ratio, the true positive rate, and whose decision changed.

    Blocks where the ratio moved away from 1 by more than `rules.largest_drop`, the interval of the change excludes 0
    when all groups of all primary attributes are corrected together (Holm), and the new ratio is near the limit: below
    its warning level, or the limit itself where there is none. Above 1 it is the reference that is worse off, by the
    inverse of the ratio. `limit`: the policy's on the ratio.
    """
    cells = [cell for attribute in counts.people for cell in _list_cells(counts, attribute, rules)]
    family = [cell for cell in cells if cell.counts]
    rejected = reject_by_holm([cell.p_value for cell in family], rules.error)
    certain = {(cell.attribute, cell.group) for cell, moves in zip(family, rejected, strict=True) if moves}
    findings = tuple(_build_change(cell, (cell.attribute, cell.group) in certain, limit, rules) for cell in cells)
    return VersionComparison(level=rules.level, blocks=any(one.blocks for one in findings), findings=findings)


class _Cell(NamedTuple):
    """One group before it is judged. `counts`: whether it is one of those that are corrected together."""

    attribute: str
    group: str
    words: str
    people: int
    ratio: "_Change"
    rate: "_Change"
    ratio_after: float
    flips: dict[str, int]
    counts: bool
    p_value: float

    @property
    def parity(self) -> float:
        """The ratio of the two who are compared, the worse off above: 1 parity, 0 one of them is never approved."""
        return _compute_parity(self.ratio_after)

    @property
    def loss(self) -> float:
        """How much further from parity the ratio is than before; negative where it is nearer."""
        return _compute_parity(self.ratio_after - self.ratio.value) - self.parity


def _compute_parity(ratio: float) -> float:
    return min(ratio, 1 / ratio) if ratio > 0 else ratio


def _list_cells(counts: PairedCounts, attribute: str, rules: VerdictRules) -> Iterator[_Cell]:
    people = counts.people[attribute]
    decisions, total = people.sum(1), people.sum((1, 2, 3))
    ratio, rate = estimate_ratio_change(decisions, rules.level), estimate_rate_change(people[:, 1], rules.level)
    primary = rules.primary is None or attribute in rules.primary
    for cell, name in enumerate(counts.groups[attribute]):
        change = _Change.pick(ratio, cell)
        judged = primary and cell > 0 and name != UNDISCLOSED and not math.isnan(change.value)
        yield _Cell(
            attribute=attribute,
            group=name,
            words=label_group(counts.labels, attribute, name),
            people=int(total[cell]),
            ratio=change,
            rate=_Change.pick(rate, cell),
            ratio_after=float(ratio.after[cell]) if cell else math.nan,
            flips=_count_flips(decisions[cell]),
            counts=judged and min(total[cell], total[0]) >= rules.smallest_denominator,
            p_value=_compute_p_value(decisions, cell, change, float(ratio.after[cell])) if judged else 1.0,
        )


def _compute_p_value(decisions: PeopleTable, cell: int, change: "_Change", after: float) -> float:
    """Compute how unlikely a ratio that did not move away from parity would look like this; 1 where it may be chance.

    Below 1 it is the group that loses by a drop, above it the reference by a rise.
    """
    both = decisions[[0, cell]]
    if after < 1:
        is_certain = change.high < 0
        return invert_interval(lambda level: bool(estimate_ratio_change(both, level).high[1] < 0)) if is_certain else 1
    is_certain = change.low > 0
    return invert_interval(lambda level: bool(estimate_ratio_change(both, level).low[1] > 0)) if is_certain else 1


def _build_change(cell: _Cell, certain: bool, limit: Limit | None, rules: VerdictRules) -> ChangeFinding:
    level = None if limit is None else limit.at_least if limit.warn_below is None else limit.warn_below
    blocks = certain and cell.loss > rules.largest_drop + 1e-12 and level is not None and cell.parity < level - 1e-12
    return ChangeFinding(
        attribute=cell.attribute,
        group=cell.group,
        people=cell.people,
        adverse_impact_ratio=encode_number(cell.ratio_after),
        adverse_impact_ratio_change=encode_number(cell.ratio.value),
        adverse_impact_ratio_change_interval=encode_interval(*cell.ratio),
        true_positive_rate_change=encode_number(cell.rate.value),
        true_positive_rate_change_interval=encode_interval(*cell.rate),
        flips=cell.flips,
        blocks=blocks,
        reason=f"{cell.attribute} {cell.words}: {_explain_change(cell, certain, blocks, level, rules)}",
    )


class _Change(NamedTuple):
    """The change in one cell, and its interval; NaN where there is none."""

    value: float
    low: float
    high: float

    @classmethod
    def pick(cls, change: ChangeEstimate, cell: int) -> Self:
        return cls(float(change.value[cell]), float(change.low[cell]), float(change.high[cell]))


def _count_flips(decisions: PeopleTable) -> dict[str, int]:
    """Count the people by old and new decision where these differ; decisions: shape (3, 3)."""
    return {
        f"{old}_to_{new}": int(decisions[i, j])
        for i, old in enumerate(DECISION_KINDS)
        for j, new in enumerate(DECISION_KINDS)
        if i != j
    }


def _explain_change(cell: _Cell, certain: bool, blocks: bool, level: float | None, rules: VerdictRules) -> str:
    change = cell.ratio
    if math.isnan(change.value):
        return "there is no ratio to the reference in both versions, or this is the reference."
    fact = f"the adverse impact ratio changed by {change.value:+.3f} against the version in production"
    if cell.group == UNDISCLOSED:
        return f"{fact}; these people are no group that is judged."
    if rules.primary is not None and cell.attribute not in rules.primary:
        return f"{fact}; the attribute is reported and does not gate."
    if not cell.counts:
        return f"{fact}, of too few people to judge."
    if blocks and cell.ratio_after < 1:
        return (
            f"{fact} to {cell.ratio_after:.3f}, which is below {level:g}: a drop of more than {rules.largest_drop:g}, "
            "and no chance, corrected for the number of groups."
        )
    if blocks and level:
        return (
            f"{fact} to {cell.ratio_after:.3f}, which is above {1 / level:.3f}: now its reference is worse off, and it "
            "is no chance, corrected for the number of groups."
        )
    if cell.loss > rules.largest_drop:
        if not certain:
            return f"{fact}, but corrected for the number of groups it may be chance."
        return f"{fact} to {cell.ratio_after:.3f}, which is not near a limit."
    if cell.loss < -rules.largest_drop:
        return f"{fact} to {cell.ratio_after:.3f}, which is nearer to parity."
    return f"{fact}."


def count_paired_predictions(
    contract: Contract, production: Predictions, candidate: Predictions, file: str
) -> PairedCounts:
    """Count the same people by group, label and both versions' decisions. `file`: the source of production's.

    Raises CreditError for other people or another order.
    """
    own, other = candidate.people, production.people
    alike = len(own) == len(other) and (candidate.favourable == production.favourable).all() and own.equals(other)
    if not alike:
        found = f"predictions about {len(other):,} other people"
        raise CreditError(Problem(file, found, f"the same {len(own):,} in the same order", "run both on one table"))
    codes = encode_groups(contract, own)
    counts = count_paired_people(
        list_attribute_groups(contract), codes, candidate.favourable, production.decisions, candidate.decisions
    )
    return replace(counts, labels=list_group_labels(contract))
