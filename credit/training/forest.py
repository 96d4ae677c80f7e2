"""A random forest that grows the trees of scikit-learn's, bit for bit, in about half of its time.

Two fifths of a small tree's time go into checking the labels, copying parameters and keeping filters of warnings again
for each tree. Here scikit-learn grows the first tree, and checks everything; its own builder grows the others, by what
the first one found. That builder is private to scikit-learn, so a test compares the bytes of both forests.
"""

from collections.abc import Iterable
from copy import copy
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._criterion import Gini
from sklearn.tree._splitter import BestSplitter
from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

_FREE = {"n_estimators", "max_depth", "min_samples_leaf", "max_features", "max_samples", "n_jobs", "random_state"}
"""Parameters with which the trees are grown here; with another value than its default of any other, by scikit-learn."""

_NO_DEPTH = np.iinfo(np.int32).max


class Forest(RandomForestClassifier):  # type: ignore[misc]
    """scikit-learn's random forest, grown with less ado. `random_state`: a whole number."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on X, shape (n, columns), and the labels y, shape (n,)."""
        params, seed = self.get_params(), self.random_state
        usual = RandomForestClassifier().get_params()
        other = any(value != usual[name] for name, value in params.items() if name not in _FREE)
        is_plain = isinstance(seed, int) and isinstance(self.min_samples_leaf, int) and isinstance(X, np.ndarray)
        if other or sample_weight is not None or not is_plain or np.isnan(X).any():
            return super().fit(X, y, sample_weight)  # type: ignore[no-any-return]
        first = RandomForestClassifier(**params | {"n_estimators": 1, "n_jobs": 1}).fit(X, y)
        for name, value in vars(first).items():
            if name not in params:
                setattr(self, name, value)
        random = np.random.RandomState(seed)
        seeds = [random.randint(_NO_DEPTH) for _ in range(self.n_estimators)]
        columns = np.asfortranarray(X, np.float32)  # a split reads one column
        codes = np.searchsorted(self.classes_, y).astype(np.float64)[:, None]
        self.estimators_ += self._grow_on_cores(columns, codes, seeds[1:])
        return self

    def _grow_on_cores(self, columns: NDArray[np.float32], codes: NDArray[np.float64], seeds: list[int]) -> list[Any]:
        """Grow a tree for each seed, a part of them in each thread; the builder waits for no other one."""
        from joblib import Parallel, delayed, effective_n_jobs

        threads = effective_n_jobs(self.n_jobs)
        cuts = [len(seeds) * part // threads for part in range(threads + 1)]
        parts = [seeds[start:end] for start, end in pairwise(cuts)]
        grown = Parallel(threads, prefer="threads")(delayed(self._grow)(columns, codes, part) for part in parts)
        return [tree for part in grown for tree in part]

    def _grow(self, columns: NDArray[np.float32], codes: NDArray[np.float64], seeds: Iterable[int]) -> list[Any]:
        template, random = self.estimators_[0], np.random.RandomState(0)
        n, classes, leaf = len(codes), np.array([self.n_classes_]), template.min_samples_leaf
        depth = _NO_DEPTH if template.max_depth is None else template.max_depth
        trees = []
        for seed in seeds:
            random.seed(seed)  # a new generator takes longer than the draws
            drawn = np.bincount(random.randint(0, n, self._n_samples_bootstrap), minlength=n).astype(np.float64)
            random.seed(seed)
            splitter = BestSplitter(Gini(1, classes), template.max_features_, leaf, 0.0, random, None)
            grown = Tree(template.n_features_in_, classes, 1)
            builder = DepthFirstTreeBuilder(splitter, max(2, 2 * leaf), leaf, 0.0, depth, 0.0)
            builder.build(grown, columns, codes, drawn, None)
            trees.append(_copy_tree(template, seed, grown))
        return trees

    def make_plain(self) -> RandomForestClassifier:
        """Make scikit-learn's forest of the same trees, to be stored and exported to ONNX."""
        plain = RandomForestClassifier()
        for name, value in vars(self).items():
            setattr(plain, name, value)
        return plain


def average_trees(forest: Any, X: Any) -> NDArray[np.float64] | None:
    """Average the probabilities of a plain forest's trees, shape (n, classes), in the order of scikit-learn.

    None for any other estimator, and for rows that scikit-learn has to look at first.
    """
    if type(forest) is not RandomForestClassifier or forest.n_outputs_ != 1 or not isinstance(X, np.ndarray):
        return None
    columns = X.astype(np.float32, copy=False)
    if columns.ndim != 2 or columns.shape[1] != forest.n_features_in_ or not np.isfinite(columns).all():
        return None
    averages = np.zeros((len(columns), forest.n_classes_))
    for tree in forest.estimators_:
        averages += tree.tree_.predict(columns)[:, : forest.n_classes_]
    averages /= len(forest.estimators_)
    return averages


def _copy_tree(template: Any, seed: int, grown: Tree) -> Any:
    """Copy a tree, with arrays of its own: arrays that trees share are stored once, in other bytes."""
    tree = copy(template)
    own = {name: value.copy() for name, value in vars(template).items() if isinstance(value, np.ndarray | np.generic)}
    for name, value in (own | {"random_state": seed, "tree_": grown}).items():
        setattr(tree, name, value)
    return tree
