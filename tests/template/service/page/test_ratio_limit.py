"""Which limit the ratios of the page are held against."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from credit.bundle.bundle import load_bundle
from credit.bundle.policy_limits import PolicyLimits, RatioLimit
from service.engine.live_version import LiveVersion
from service.engine.loading import build_deployment, load_folder
from service.page.ratio_limit import find_limit


def load(bundles: Callable[[str], Path]) -> LiveVersion:
    folder = bundles("logistic")
    return load_folder(build_deployment("v2.0.0", load_bundle(folder).manifest.digest), folder)


def test_it_is_that_of_the_policy_by_which_the_live_version_was_judged(bundles: Callable[[str], Path]) -> None:
    live = load(bundles)
    assert find_limit(None, live) == (0.8, "0.8, by the policy small_screen of v2.0.0")
    strict = PolicyLimits(policy="strict", adverse_impact_ratio=RatioLimit(at_least=0.9, source="a test"))
    other = replace(live, bundle=replace(live.bundle, limits=strict))
    assert find_limit(None, other) == (0.9, "0.9, by the policy strict of v2.0.0")


def test_a_setting_overrides_it_and_is_named(bundles: Callable[[str], Path]) -> None:
    assert find_limit(0.7, load(bundles)) == (0.7, "0.7, which SERVICE_LEAST_RATIO says")


def test_where_there_is_none_it_is_said_why(bundles: Callable[[str], Path]) -> None:
    live = load(bundles)
    before = replace(live, bundle=replace(live.bundle, limits=None))
    assert find_limit(None, before).at_least is None
    assert "v2.0.0 was made before versions had it" in find_limit(None, before).said
    gating_nothing = PolicyLimits(policy="equal_opportunity", adverse_impact_ratio=None)
    other = replace(live, bundle=replace(live.bundle, limits=gating_nothing))
    assert find_limit(None, other).said == "no limit: the policy equal_opportunity of v2.0.0 has none of this ratio"
    assert find_limit(None, None).at_least is None
