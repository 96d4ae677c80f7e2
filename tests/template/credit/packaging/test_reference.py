"""The distributions of training: every row counted once, and enough for a stability index."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.bundle.bundle import load_bundle
from credit.packaging.build import BundleInputs
from credit.packaging.reference import (
    HISTOGRAM_BINS,
    Histogram,
    build_reference,
    make_quantile_histogram,
    make_value_histogram,
)

FLOATS = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60)


def psi(reference: Histogram, live: Histogram) -> float:
    share, now = (np.array([*h.counts, h.missing]) + 0.5 for h in (reference, live))
    share, now = share / share.sum(), now / now.sum()
    return float(((now - share) * np.log(now / share)).sum())


@given(FLOATS, FLOATS, FLOATS)
@settings(deadline=None)
def test_every_value_is_counted_once_and_parts_add_up(
    made_of: list[float | None], left: list[float | None], right: list[float | None]
) -> None:
    empty = make_quantile_histogram(np.array(made_of, np.float64))
    counted = empty.count_values(np.array(left + right, np.float64))
    assert sum(counted.counts) + counted.missing == len(left + right)
    assert counted == empty.count_values(np.array(left, np.float64)) + empty.count_values(np.array(right, np.float64))


def test_bins_hold_equally_many_values() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    counts = make_quantile_histogram(values).count_values(values).counts
    assert len(counts) == HISTOGRAM_BINS
    assert max(counts) - min(counts) <= 2


def test_a_value_that_nearly_everybody_has_gets_a_bin_of_its_own() -> None:
    values = np.array([0.0] * 97 + [1, 2, 3])
    histogram = make_quantile_histogram(values).count_values(values)
    assert histogram.edges == (1,)
    assert histogram.counts == (97, 3)


def test_a_bin_goes_from_its_edge_on_and_open_ends_take_the_rest() -> None:
    bins = Histogram(edges=(1.0, 2.0), counts=(0, 0, 0), missing=0)
    assert bins.count_values([-1e9, 0.99, 1, 1.99, 2, 1e9, np.nan]).model_dump() == {
        "edges": (1.0, 2.0),
        "values": None,
        "counts": (2, 2, 2),
        "missing": 1,
    }


def test_values_that_were_never_there_are_counted_as_others() -> None:
    assert make_value_histogram(("a", "b")).count_values(pd.Series(["b", "new", None, "b"])).model_dump(
        exclude={"edges"}
    ) == {
        "values": ("a", "b"),
        "counts": (0, 2, 1),
        "missing": 1,
    }
    assert make_value_histogram((False, True)).count_values(pd.array([True, None, False, True], "boolean")).counts == (
        1,
        2,
        0,
    )


def test_a_column_of_which_nothing_is_known_has_one_bin() -> None:
    assert make_quantile_histogram([]).count_values([np.nan, 1.0]).counts == (1,)


def test_the_stability_index_is_small_for_the_same_people_and_large_for_others() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=5000)
    reference = make_quantile_histogram(base).count_values(base)
    assert psi(reference, reference.count_values(rng.normal(size=5000))) < 0.01
    assert psi(reference, reference.count_values(rng.normal(1, 1, 5000))) > 0.25


def test_the_bundle_counts_every_training_row_in_every_distribution(bundles: Callable[[str], Path]) -> None:
    content = json.loads((bundles("logistic") / "reference.json").read_text())
    assert content["rows"] == {"train": 1500, "test": 400}
    assert sum(content["decisions"].values()) == sum(content["score"]["counts"]) == 400
    bundle = load_bundle(bundles("logistic"))
    assert set(content["features"]) == {*bundle.model.features, bundle.rule.column}
    for told in content["features"].values():
        histogram = Histogram.model_validate(told)
        assert sum(histogram.counts) + histogram.missing == 1500
    assert sum(content["groups"]["race"].values()) == 1500
    assert set(content["groups"]["race"]) == {"white", "Black", "undisclosed"}


def test_partitions_give_the_distributions_of_the_whole(
    bundles: Callable[[str], Path], inputs: BundleInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_bundle(bundles("logistic")).model
    scores = np.linspace(0, 1, 50)
    decisions = model.policy.decide(scores)
    whole = build_reference(model.contract, model.features, inputs.train, scores, decisions)
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 200)
    assert build_reference(model.contract, model.features, inputs.train, scores, decisions) == whole
