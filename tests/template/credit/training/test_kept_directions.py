"""Directions of the contract are kept in training: known monotone truths under the dents that a sample makes."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from credit.common.candidate_definition import BuildContext, load_definition
from credit.training.candidates import fit_estimator
from credit.training.fair_regression.fair_logistic import FairLogistic
from testing.lenders.small import PARAMS

DIRECTIONS = (1, -1, 0)
VALUES = np.linspace(-2, 2, 41)


def draw(rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The first column raises the chance, the second lowers it, the third has a peak."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3)).astype(np.float32)
    odds = 1 + X[:, 0] - 0.7 * X[:, 1] - X[:, 2] ** 2
    return X, rng.random(rows) < 1 / (1 + np.exp(-odds))


def fit(name: str, directions: tuple[int, ...], X: NDArray[Any], y: NDArray[Any], **own: Any) -> Any:
    definition = load_definition(name)
    settings = definition.hyperparameters.model_validate(PARAMS[name] | own)
    context = BuildContext(len(y), 0, directions=directions)
    return fit_estimator(name, definition.build(settings, context), X, y)


def measure_falls(model: Any, people: NDArray[np.float32], column: int, sign: int) -> float:
    """The largest fall of anybody's score while a value gets better."""
    tried = np.repeat(people[:, None], len(VALUES), axis=1)
    tried[:, :, column] = VALUES[::sign]
    scores = model.predict_proba(tried.reshape(-1, people.shape[1]))[:, 1].reshape(len(people), -1)
    return float((np.maximum.accumulate(scores, axis=1) - scores).max())


def test_a_forest_that_keeps_directions_has_no_dent_in_them_and_one_that_does_not_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    X, y = draw(600, 0)
    free, kept = (fit("random_forest", DIRECTIONS, X, y, n_estimators=60, keep_directions=of) for of in (False, True))
    for column, sign in ((0, 1), (1, -1)):
        assert measure_falls(kept, X[:60], column, sign) < 1e-9
        assert measure_falls(free, X[:60], column, sign) > 0.01
    assert measure_falls(kept, X[:60], 2, 1) > 0.1, "of the third column nothing is said, and the peak stays"
    other, truth = draw(6000, 1)
    aucs = [roc_auc_score(truth, model.predict_proba(other)[:, 1]) for model in (free, kept)]
    with capsys.disabled():
        print(f"\nAUC of a forest {aucs[0]:.3f}, of one that keeps true directions {aucs[1]:.3f}")
    assert aucs[1] > aucs[0] - 0.02


@pytest.mark.parametrize("name", ["logistic", "fair_logistic"])
def test_a_regression_has_the_signs_of_the_contract_and_is_stored_as_a_plain_one(name: str) -> None:
    X, y = draw(600, 0)
    own = {"strength": 0} if name == "fair_logistic" else {}
    model = fit(name, (-1, -1, 0), X, y, **own)
    assert type(model[-1]) is LogisticRegression
    assert model[-1].coef_[0, 0] == 0, "the first column raises the chance, and may only lower it"
    without = fit(name, (), X[:, 1:], y, **own)
    np.testing.assert_allclose(model[-1].coef_[0, 1:], without[-1].coef_[0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(model[-1].intercept_, without[-1].intercept_, rtol=1e-7, atol=1e-9)


def test_signs_that_the_data_have_change_nothing() -> None:
    X, y = draw(600, 0)
    signed, plain = (fit("logistic", directions, X, y) for directions in (DIRECTIONS, ()))
    np.testing.assert_allclose(signed[-1].coef_, plain[-1].coef_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(signed.predict_proba(X), plain.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_under_signs_the_optimum_is_found(seed: int) -> None:
    """No feasible step lowers the loss: the gradient is 0 where a coefficient is free, and points out where it is not.

    Columns that nearly repeat each other, so that some signs are against the data.
    """
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(400, 3))
    X = np.column_stack([base, base + 0.3 * rng.normal(size=(400, 3))])
    y = rng.random(400) < 1 / (1 + np.exp(-base.sum(axis=1)))
    signs = rng.choice([-1, 0, 1], 6)
    model = FairLogistic(C=1.0, signs=tuple(signs.tolist())).fit(X, y)
    w = model.coef_[0]
    gradient = X.T @ (model.predict_proba(X)[:, 1] - y) + w
    assert (w * signs >= 0).all()
    assert np.abs(gradient[(w != 0) | (signs == 0)]).max(initial=0) < 1e-5
    assert (gradient * signs >= -1e-5).all()


def test_other_signs_than_one_for_each_column_are_refused() -> None:
    X, y = draw(100, 0)
    with pytest.raises(ValueError, match="signs has 2 of them, X has 3 columns"):
        FairLogistic(signs=(1, 0)).fit(X, y)
