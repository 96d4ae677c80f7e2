"""The forest that is grown with less ado has the trees of scikit-learn's, to the last byte."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from credit.training.candidates import score_rows
from credit.training.forest import Forest, average_trees
from credit.training.skops_files import dump_estimator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 7)).astype(np.float32).round(1)
Y = X[:, 0] + RNG.normal(size=300) > 0

SETTINGS: list[dict[str, Any]] = [
    {},
    {"n_jobs": -1},
    {"n_estimators": 1},
    {"n_estimators": 2, "n_jobs": 4},
    {"max_depth": 3, "max_features": 0.5, "max_samples": 100},
    {"max_features": None, "min_samples_leaf": 1},
    {"max_features": "log2", "max_samples": 0.3},
    {"class_weight": "balanced"},
    {"monotonic_cst": [1, 0, 0, 0, 0, 0, -1]},
    {"criterion": "entropy"},
    {"min_samples_split": 30},
    {"bootstrap": False, "max_samples": None},
    {"max_leaf_nodes": 4},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_its_trees_are_those_of_scikit_learn(settings: dict[str, Any]) -> None:
    params = {"n_estimators": 12, "min_samples_leaf": 5, "random_state": 3, **settings}
    plain = Forest(**params).fit(X, Y).make_plain()
    assert type(plain) is RandomForestClassifier
    assert dump_estimator(plain) == dump_estimator(RandomForestClassifier(**params).fit(X, Y))
    averages = average_trees(plain.set_params(n_jobs=1), X)  # several threads add up in any order
    assert averages is not None
    assert (averages == plain.predict_proba(X)).all()


def test_a_pipeline_is_scored_as_by_scikit_learn_whatever_its_last_step() -> None:
    holes = np.where(X < -1.5, np.nan, X)
    for last in (RandomForestClassifier(9, random_state=0), AdaBoostClassifier(n_estimators=3), LogisticRegression()):
        pipeline = make_pipeline(SimpleImputer(), last).fit(holes, Y)
        assert (score_rows(pipeline, holes) == pipeline.predict_proba(holes)[:, 1]).all()
    alone = RandomForestClassifier(9, random_state=0).fit(holes, Y)
    assert average_trees(alone, holes) is None  # missing values are for scikit-learn to look at
    assert (score_rows(alone, holes) == alone.predict_proba(holes)[:, 1]).all()
    with pytest.raises(ValueError, match="has 6 features, but"):
        score_rows(alone, holes[:, :6])


def test_so_are_they_of_several_classes_with_names_and_of_missing_values() -> None:
    classes = np.array(["b", "c", "a"])[RNG.integers(0, 3, len(X))]
    holes = np.where(X < -1.5, np.nan, X)
    for columns in (X, holes):
        params = {"n_estimators": 9, "min_samples_leaf": 4, "random_state": 0}
        mine, theirs = Forest(**params), RandomForestClassifier(**params)
        guesses = [cross_val_predict(one, columns, classes, method="predict_proba") for one in (mine, theirs)]
        assert (guesses[0] == guesses[1]).all()


def test_so_are_they_of_a_share_of_rows_in_a_leaf_and_of_a_frame() -> None:
    params = {"n_estimators": 4, "min_samples_leaf": 0.02, "random_state": 0}
    for columns in (X, pd.DataFrame(X)):
        mine, theirs = Forest(**params).fit(columns, Y), RandomForestClassifier(**params).fit(columns, Y)
        assert (mine.predict_proba(columns) == theirs.predict_proba(columns)).all()
    framed = Forest(4, random_state=0).fit(pd.DataFrame(X), Y)
    assert (framed.predict_proba(pd.DataFrame(X)) == Forest(4, random_state=0).fit(X, Y).predict_proba(X)).all()


def test_it_can_be_cloned_and_fitted_again() -> None:
    forest = Forest(5, random_state=0).fit(X, Y)
    again = clone(forest)
    assert not hasattr(again, "estimators_")
    assert len(forest.fit(X, ~Y).estimators_) == 5
    assert (again.fit(X, ~Y).predict_proba(X) == forest.predict_proba(X)).all()


def test_a_single_class_is_as_it_is_with_scikit_learn() -> None:
    ones = np.ones(len(X), bool)
    params = {"n_estimators": 3, "random_state": 0}
    own = Forest(**params).fit(X, ones).make_plain()
    assert dump_estimator(own) == dump_estimator(RandomForestClassifier(**params).fit(X, ones))


def test_labels_that_are_none_are_refused_as_by_scikit_learn() -> None:
    with pytest.raises(ValueError, match="Unknown label type"):
        Forest(3, random_state=0).fit(X, X[:, 0])
