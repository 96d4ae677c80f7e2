"""How often a policy is wrong, for the table at hand: its groups, its number of people, its rates.

Tables are drawn at random in which everybody is treated alike, then tables in which one group has the planned ratio of
its reference's approvals, and each is judged by the rules in force. Outcomes and decisions are drawn with the rates of
all people together; each attribute by itself, as if it had nothing to do with the others. Metrics that compare no
rates are not drawn, and left out.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from credit.contract.levels import UNDISCLOSED
from credit.evaluation.exact_tests import compute_parity_p_value
from credit.fairness.counts import AttributeKey, PeopleCounts, compute_undisclosed_share
from credit.fairness.group_comparison import list_judged_keys
from credit.fairness.metrics import METRICS, PeopleTable, find_compared_rate
from credit.fairness.policies import FairnessPolicy, Limit, VerdictRules
from credit.fairness.verdicts import reject_by_holm
from credit.reports.fairness import DetectedGroup, OperatingCharacteristics
from credit.reports.figures import PAIR_SEPARATOR
from credit.scoring.policy import DECISION_KINDS

TABLES = 2000
"""Random tables of equal treatment: a share of 2% has a standard error of 0.3%. Of a group's unequal treatment, a
quarter of them: a share of 80% has one of 1.8%."""

Flags = NDArray[np.bool_]


class JudgedTables(NamedTuple):
    """Comparisons of random tables: `events` among `n` people against the reference's, shape (tables, comparisons).

    `limits` of each comparison. `p_values` of equal rates are known where `is_beyond`, and 1 elsewhere.
    """

    limits: tuple[Limit, ...]
    events: PeopleTable
    n: PeopleTable
    reference_events: PeopleTable
    reference_n: PeopleTable
    is_beyond: Flags
    is_assessable: Flags
    complies: Flags
    p_values: NDArray[np.float64]

    def replace_columns(self, other: Self, columns: Sequence[int]) -> Self:
        """Replace some comparisons of the first tables by all of other tables; the rest of the tables is left out."""
        changed = {}
        for name in self._fields[1:]:
            theirs = getattr(other, name)
            changed[name] = getattr(self, name)[: len(theirs)].copy()
            changed[name][:, columns] = theirs
        return self._replace(**changed)

    def find_blocking(self, rules: VerdictRules) -> Flags:
        """Find the comparisons that block, as `judge_comparisons` and `choose_action` do one by one; same shape."""
        blocking = self.find_unequal(rules.error) | (self.reference_n < rules.smallest_denominator)
        if rules.block_from == "beyond":
            return blocking | (self.is_beyond & self.is_assessable)
        return blocking | ~(self.complies & self.is_assessable) if rules.block_from == "undecided" else blocking

    def find_unequal(self, error: float) -> Flags:
        """Find the comparisons beyond their limit for which equal rates are rejected, corrected within each table.

        The p-value of one that is not beyond changes nothing but the correction of the others: it is computed only
        for tables where this decides, because exact p-values take most of the time.
        """
        depends = ((self.p_values > error / len(self.limits)) & (self.p_values <= error)).any(axis=1, keepdims=True)
        return self.is_beyond & reject_by_holm(self.compute_p_values(depends & ~self.is_beyond), error)

    def compute_p_values(self, where: Flags) -> NDArray[np.float64]:
        """Compute further p-values of equal rates; the known ones stay."""
        p_values = self.p_values.copy()
        for tail in {limit.tail for limit in self.limits}:
            chosen = where & np.array([limit.tail == tail for limit in self.limits])
            parts = (self.events, self.n, self.reference_events, self.reference_n)
            events, n, reference_events, reference_n = (part[chosen] for part in parts)
            p_values[chosen] = compute_parity_p_value(events, n, reference_events, reference_n, tail)
        return p_values


def compute_operating_characteristics(
    counts: PeopleCounts, policy: FairnessPolicy, rules: VerdictRules, tables: int = TABLES, seed: int = 0
) -> OperatingCharacteristics | None:
    """Compute how often a fair candidate would be stopped, and how often the planned ratio of a group would be found.

    None where nothing gates, where the policy gates no comparison of rates, and where there is nobody to compare.
    """
    limits = {name: limit for name, limit in policy.gated_limits.items() if find_compared_rate(name)}
    sizes = {key: list_group_sizes(counts, key) for key in list_judged_keys(counts, policy, rules)}
    sizes = {key: groups for key, groups in sizes.items() if len(groups) > 1}
    if policy.gates == "nothing" or not limits or not sizes or not counts.rows:
        return None
    rng = np.random.default_rng(seed)
    drawn = {key: draw_fair_tables(counts, key, tables, rng) for key in sizes}
    undisclosed = {key: compute_undisclosed_share(counts, key) for key in sizes}
    fair = [judge_tables(drawn[key], limits, rules, undisclosed[key]) for key in sizes]
    limits_of_all = tuple(limit for one in fair for limit in one.limits)
    arrays = [np.concatenate(parts, axis=1) for parts in list(zip(*fair, strict=True))[1:]]
    judged = JudgedTables._make((limits_of_all, *arrays))
    detected, first = [], 0
    for key, groups in sizes.items():
        for cell, (group, people) in enumerate(list(groups.items())[1:], start=1):
            own = drawn[key][[0, cell], : tables // 4]
            worse = judge_tables(thin_approvals(own, rules.planned_ratio, rng), limits, rules, undisclosed[key])
            columns = [first + number * (len(groups) - 1) + cell - 1 for number in range(len(limits))]
            found = judged.replace_columns(worse, columns).find_blocking(rules)[:, columns].any(axis=1).mean()
            detected.append(
                DetectedGroup(attribute=PAIR_SEPARATOR.join(key), group=group, people=people, found=float(found))
            )
        first += len(limits) * (len(groups) - 1)
    return OperatingCharacteristics(
        tables=tables,
        ratio=rules.planned_ratio,
        fair_blocked=float(judged.find_blocking(rules).any(axis=1).mean()),
        detected=tuple(detected),
    )


def list_group_sizes(counts: PeopleCounts, key: AttributeKey) -> dict[str, int]:
    """List the people of each group that is judged, the reference first; groups without anybody are left out."""
    people = counts.flatten_cells(key).people.sum((1, 2)).tolist()
    named = dict(zip(counts.list_groups(key), people, strict=True))
    reference = next(iter(named))
    return {
        name: size
        for name, size in named.items()
        if UNDISCLOSED not in name.split(PAIR_SEPARATOR) and (size or name == reference)
    }


def draw_fair_tables(counts: PeopleCounts, key: AttributeKey, tables: int, rng: np.random.Generator) -> PeopleTable:
    """Draw tables of the people of a key in which everybody's outcome and decision has the rates of all people.

    Shape (groups, tables, 2, 3), the groups as `list_group_sizes` lists them.
    """
    sizes = np.array(list(list_group_sizes(counts, key).values()))
    people = counts.flatten_cells(key).people.sum(0)
    rates = (people / people.sum()).ravel()
    return rng.multinomial(sizes[:, np.newaxis], rates, size=(len(sizes), tables)).reshape(-1, tables, 2, 3)


def thin_approvals(drawn: PeopleTable, ratio: float, rng: np.random.Generator) -> PeopleTable:
    """Deny each approved person of the second group with the chance that leaves `ratio` of its approvals."""
    approve, deny = DECISION_KINDS.index("approve"), DECISION_KINDS.index("deny")
    worse = drawn.copy()
    worse[1, ..., approve] = rng.binomial(drawn[1, ..., approve], ratio)
    worse[1, ..., deny] += drawn[1, ..., approve] - worse[1, ..., approve]
    return worse


def judge_tables(
    drawn: PeopleTable, limits: Mapping[str, Limit], rules: VerdictRules, undisclosed: float
) -> JudgedTables:
    """Compare every group of every table with every limit; the groups of one limit stand beside each other.

    undisclosed: the share of people who do not disclose the attribute, beyond which nothing complies.
    """
    no_scores = np.zeros((*drawn.shape[:-1], 3))
    each, columns = [], []
    for measure, limit in limits.items():
        rate = find_compared_rate(measure)
        if rate is None:
            raise ValueError(f"{measure} compares no rates")
        metric = METRICS[measure](drawn, no_scores, rules.level)
        events, n = rate.count_cases(drawn)
        is_assessable = np.minimum(n, n[0]) >= rules.smallest_denominator
        is_beyond, complies = limit.is_broken_by(metric.value, metric.value), limit.is_kept_by(metric.low, metric.high)
        complies &= undisclosed <= rules.undisclosed_no_pass
        whole = np.broadcast_to(events[0], events.shape), np.broadcast_to(n[0], n.shape)
        columns.append([part[1:] for part in (events, n, *whole, is_beyond, is_assessable, complies)])
        each += [limit] * (len(drawn) - 1)
    arrays = [np.concatenate(parts).T for parts in zip(*columns, strict=True)]
    judged = JudgedTables._make((tuple(each), *arrays, np.ones(arrays[0].shape)))
    return judged._replace(p_values=judged.compute_p_values(judged.is_beyond))
