"""Check and encode rows before they are counted. Nothing is repaired or left out."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.contract.groups import assign_groups, list_groups
from credit.scoring.policy import DECISION_KINDS

Groups = dict[str, tuple[str, ...]]
"""Each attribute's groups, the reference first, `undisclosed` last (`credit.contract.groups.list_groups`)."""


def list_attribute_groups(contract: Contract) -> Groups:
    """List the groups of every protected attribute of a contract."""
    return {name: tuple(list_groups(contract, name)) for name in contract.protected}


def check_same_groups(own: Groups, others: Groups) -> None:
    """Raise CreditError when two tables that are to be added were counted by other groups."""
    if own != others:
        raise CreditError(Problem("counts", f"the groups {others}", f"{own}", "use one contract"))


def encode_groups(contract: Contract, frame: pd.DataFrame) -> dict[str, NDArray[np.int8]]:
    """Encode each row's group of every protected attribute as its index in `list_attribute_groups`, -1 if unknown."""
    return {name: np.asarray(assign_groups(contract, name, frame[name]).codes) for name in contract.protected}


def parse_labels(labels: ArrayLike) -> NDArray[np.bool_]:
    """Parse labels, True where favourable; shape (n,). Raises CreditError for a label that is neither true nor false.

    To numpy, NaN and any text, "no" included, are true: a label that is not known yet would count as favourable.
    """
    given = np.asarray(labels)
    if given.dtype == np.bool_ or not len(given):
        return given.astype(np.bool_)
    if np.issubdtype(given.dtype, np.number):
        clear = (given == 0) | (given == 1)
    else:
        clear = np.array([isinstance(label, bool | np.bool_) for label in given])
    if not clear.all():
        raise CreditError(Problem("labels", str(given[~clear][0]), "true or false, or 1 or 0, for everybody"))
    return given.astype(np.bool_)


def encode_decisions(decisions: ArrayLike) -> NDArray[np.int64]:
    """Encode decisions as indices into DECISION_KINDS; shape (n,). Raises CreditError for an unknown decision."""
    given = np.asarray(decisions)
    if np.issubdtype(given.dtype, np.integer):
        codes = given.astype(np.int64)
    else:
        codes = np.full(len(given), -1, dtype=np.int64)
        for index, name in enumerate(DECISION_KINDS):
            codes[given == name] = index
    bad = (codes < 0) | (codes >= len(DECISION_KINDS))
    if bad.any():
        raise CreditError(Problem("decisions", str(given[bad][0]), "approve, refer or deny"))
    return codes


def find_code_problems(groups: Groups, codes: Mapping[str, ArrayLike], n: int) -> Iterator[Problem]:
    """Find every problem of the group codes of n rows."""
    if not groups:
        yield Problem("groups", "no attribute", "at least one of role protected")
    for attribute, names in groups.items():
        if attribute not in codes:
            yield Problem(f"groups of {attribute}", "no codes", "one per row")
            continue
        column = np.asarray(codes[attribute])
        if len(column) != n:
            yield Problem(f"groups of {attribute}", f"{len(column)} rows", f"{n}")
        elif n and not np.issubdtype(column.dtype, np.integer):
            yield Problem(f"groups of {attribute}", f"type {column.dtype}", "integers, indices into its groups")
        elif n and (column.min() < 0 or column.max() >= len(names)):
            bad = column[(column < 0) | (column >= len(names))][0]
            yield Problem(f"groups of {attribute}", f"the code {bad}", f"0 to {len(names) - 1}: {', '.join(names)}")


def check_scores(score: NDArray[np.float64], absent: NDArray[np.bool_], decision: NDArray[np.int64], n: int) -> None:
    """Raise CreditError for arrays of unequal length, an infinite score, or a person judged unseen."""
    if not len(score) == len(decision) == n:
        found = f"{n} labels, {len(score)} scores and {len(decision)} decisions"
        raise CreditError(Problem("rows", found, "one of each per person"))
    if np.isinf(score).any():
        raise CreditError(Problem("scores", f"{int(np.isinf(score).sum())} infinite ones", "finite scores, or NaN"))
    unseen = int((absent & (decision != DECISION_KINDS.index("refer"))).sum())
    if unseen:
        found = f"{unseen} people without a score who were not referred"
        raise CreditError(Problem("decisions", found, "a referral of each"))
