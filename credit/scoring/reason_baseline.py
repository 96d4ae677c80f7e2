"""What applicants are measured against for their reasons: typical values, what is better, and what says the same.

Decided when a bundle is made (`credit.packaging.reason_rules`) and recorded in it, so that the service needs no
training data and a decision can be recomputed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.frozen_model import FrozenModel
from credit.contract.levels import Scalar
from credit.scoring.design_matrix import list_design_columns, locate_features
from credit.scoring.row_encoder import encode_rows


class ReasonRules(FrozenModel):
    """What decides, beside the score, which features are named: the content of reason_rules.json.

    The defaults are those of a bundle without this file, so that its decisions can still be recomputed: each feature
    is its own cluster, no value is better than the typical one, and a rise of any size is a reason.
    """

    clusters: tuple[tuple[str, ...], ...] = ()
    """Features that say the same, two or more, in the order of the model; every other feature is its own cluster."""
    better_above: tuple[str, ...] = ()
    """Design columns in which more than the typical value is better, by the contract or else by the model: savings, or
    `home=own` of a category."""
    better_below: tuple[str, ...] = ()
    """Design columns in which less than the typical value is better, in the same way: debts."""
    smallest_share: float = 0.0
    """The least that a reason carries of what all reasons of a person carry together."""

    def are_about(self, features: Sequence[str], design_columns: Sequence[str]) -> bool:
        """Tell whether the rules are about features and columns of this model, each in one cluster at the most."""
        named = [name for cluster in self.clusters for name in cluster]
        better = {*self.better_above, *self.better_below}
        return len(named) == len(set(named)) and set(named) <= set(features) and better <= set(design_columns)


class ReasonBaseline(NamedTuple):
    """Typical values of approved people as a row of the design matrix, and what its columns mean for the reasons.

    typical, better_above, better_below: shape (columns,); first: each feature's first column, shape (features,);
    clusters: the numbers of the features of each, every feature in exactly one; member: the same as 1 and 0, shape
    (clusters, features); cluster_of: each feature's cluster, shape (features,);
    changes: the columns that change with each cluster, then with each feature, shape (clusters + features, columns).
    """

    typical: NDArray[np.float32]
    better_above: NDArray[np.bool_]
    better_below: NDArray[np.bool_]
    first: NDArray[np.intp]
    clusters: tuple[tuple[int, ...], ...]
    member: NDArray[np.intp]
    cluster_of: NDArray[np.intp]
    changes: NDArray[np.bool_]

    def find_different(self, matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Find each row's features that are not at their typical value; shape (rows, features).

        NaN is neither more nor less than a number; that a value is missing shows in a column of its own.
        """
        return np.logical_or.reduceat((matrix > self.typical) | (matrix < self.typical), self.first, axis=1)

    def find_better(self, matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Find each row's features whose value is better than the typical one; shape (rows, features)."""
        above, below = (matrix > self.typical) & self.better_above, (matrix < self.typical) & self.better_below
        return np.logical_or.reduceat(above | below, self.first, axis=1)

    def find_worse(self, matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Find each row's features whose value is another than the typical one, and not better; (rows, features)."""
        return self.find_different(matrix) & ~self.find_better(matrix)

    def separate(self) -> "ReasonBaseline":
        """Return the same baseline with each feature as its own cluster."""
        owns, features = self.changes[len(self.clusters) :], range(len(self.first))
        return self._replace(
            clusters=tuple((feature,) for feature in features),
            member=np.eye(len(features), dtype=np.intp),
            cluster_of=np.arange(len(features)),
            changes=np.concatenate([owns, owns]),
        )


def encode_baseline(contract: Contract, typical: Mapping[str, Scalar | None], rules: ReasonRules) -> ReasonBaseline:
    """Encode the baseline of a contract's features, in the order of `typical`: their typical values."""
    names, columns = list(typical), list_design_columns(contract, typical)
    places = {name: number for number, name in enumerate(names)}
    return build_baseline(
        encode_rows(contract, names, [typical])[0],
        list(locate_features(contract, names).values()),
        clusters=[[places[name] for name in cluster] for cluster in rules.clusters],
        better_above=np.isin(columns, rules.better_above),
        better_below=np.isin(columns, rules.better_below),
    )


def build_baseline(
    typical: NDArray[np.float32],
    groups: Sequence[slice],
    clusters: Sequence[Sequence[int]] = (),
    better_above: NDArray[np.bool_] | None = None,
    better_below: NDArray[np.bool_] | None = None,
) -> ReasonBaseline:
    """Build a baseline from each feature's columns, which are adjacent, in the order of the matrix.

    clusters: numbers of features, two or more in each; the others are clusters of their own. None: nothing is better.
    """
    owns = np.zeros((len(groups), len(typical)), np.bool_)
    for feature, group in enumerate(groups):
        owns[feature, group] = True
    rest = set(range(len(groups))).difference(*clusters)
    sets = sorted([*map(tuple, clusters), *((feature,) for feature in rest)], key=min)
    member = np.zeros((len(sets), len(groups)), np.intp)
    for row, cluster in enumerate(sets):
        member[row, list(cluster)] = 1
    nothing = np.zeros(len(typical), np.bool_)
    return ReasonBaseline(
        typical,
        nothing if better_above is None else better_above,
        nothing if better_below is None else better_below,
        np.array([group.start for group in groups], np.intp),
        tuple(sets),
        member,
        member.argmax(axis=0),
        np.concatenate([member.astype(np.bool_) @ owns, owns]),
    )
