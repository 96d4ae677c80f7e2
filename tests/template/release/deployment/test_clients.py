"""What another version makes of what clients send: as `release status` says, so the service does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.application_fit import OTHER_VERSION, ApplicationFitter
from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.final_decision import FinalDecision
from credit.bundle.request_fields import RequestFields, list_request_fields
from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import require_version
from credit.scoring.derived_columns import DerivedColumns
from release.deployment.apply import apply_change
from release.deployment.clients import ClientEffects, compare_clients, describe_client_effects
from release.deployment.plan import plan_deployment, plan_rollback
from release.deployment.rollout import roll_out
from release.deployment.wording import describe_rollout, preview_change
from service.engine.live_version import LiveVersion
from service.engine.loading import build_deployment
from service.engine.request_types import build_request_parser
from testing.releases import WHY

Request = dict[str, Any]
NOTHING = ClientEffects((), (), (), (), ())


@pytest.fixture
def live(bundles: Callable[[str], Path]) -> Bundle:
    return load_bundle(bundles("logistic"))


def change(bundle: Bundle, name: str, **values: Any) -> Bundle:
    """The bundle with another column in its contract."""
    columns = dict(bundle.contract.columns)
    columns[name] = columns[name].model_copy(update=values)
    return with_columns(bundle, columns)


def without(bundle: Bundle, name: str) -> Bundle:
    return with_columns(bundle, {key: one for key, one in bundle.contract.columns.items() if key != name})


def with_columns(bundle: Bundle, columns: dict[str, Any]) -> Bundle:
    contract = bundle.contract.model_copy(update={"columns": columns})
    return replace(bundle, contract=contract, model=replace(bundle.model, contract=contract))


def compare(one: Bundle, other: Bundle) -> ClientEffects:
    return compare_clients(list_request_fields(one), list_request_fields(other))


def serve(bundle: Bundle, *others: Bundle) -> LiveVersion:
    """The version as the service has it while the others are published too."""
    derived = DerivedColumns(bundle.contract, [*bundle.model.features, bundle.rule.column])
    entry = build_deployment("v1.0.0", bundle.manifest.digest)
    serving = LiveVersion(entry, bundle, build_request_parser(bundle, 1), derived, {}, ApplicationFitter(bundle))
    return serving.accept_others([list_request_fields(one) for one in others], 1)


def decide(serving: LiveVersion, request: Request) -> FinalDecision | None:
    """What the service decides; None where it refuses the request."""
    try:
        parsed = serving.requests.parse(json.dumps(request).encode())
    except CreditError:
        return None
    return serving.decide(parsed.application)


def test_whole_applications_are_decided_by_every_version_of_a_contract(
    live: Bundle, bundles: Callable[[str], Path], asked: list[Request]
) -> None:
    """The rule needs the score alone; a client of its version may therefore send less than a model needs."""
    rule = load_bundle(bundles("heuristic"))
    assert compare(live, rule) == NOTHING
    assert decide(serve(rule), asked[0])
    assert decide(serve(live), asked[0])
    absent = [name for name in sorted(live.inputs) if name not in rule.inputs]
    assert compare(rule, live) == NOTHING._replace(required=tuple(absent))
    least = {"application": {"points": 700}}
    assert decide(serve(live), least) is None
    decided = decide(serve(live, rule), least)
    assert decided is not None
    columns = live.contract.columns
    lacking = ", ".join(name for name in live.inputs if name in absent and columns[name].missing == "refused")
    assert decided.rule_because == f"{OTHER_VERSION}: it lacks {lacking}"


@pytest.mark.parametrize(
    ("name", "values", "sent", "said"),
    [
        ("income", {"range": (10, 1000)}, 5.0, "with income below 10"),
        ("income", {"range": (0, 500)}, 800.0, "with income above 500"),
        ("income", {"missing": "refused"}, None, "without income"),
        ("income", {"missing_codes": (999,)}, 999.0, "with income of 999, a code for missing there"),
        ("income", {"type": "integer"}, 1.5, "whose income is of type number, not integer"),
        ("home", {"allowed": ("own", "rent")}, "other", "with home other"),
    ],
)
def test_a_value_that_is_not_known_there_is_decided_by_the_rule_there_and_refused_where_no_version_knows_it(
    live: Bundle, asked: list[Request], name: str, values: dict[str, Any], sent: Any, said: str
) -> None:
    other = change(live, name, **values)
    assert compare(live, other) == NOTHING._replace(ruled=(said,))
    request = {**asked[0], "application": {**asked[0]["application"], name: sent}}
    assert decide(serve(live, other), request) == decide(serve(live), request)
    assert decide(serve(other), request) is None
    decided = decide(serve(other, live), request)
    assert decided is not None
    assert decided.decision == other.decide_by_rule([request["application"]])[0]
    assert decided.rule_because == f"{OTHER_VERSION}: values of {name} are not known here"
    if "missing_codes" not in values:
        assert compare(other, live) == NOTHING


def test_an_application_that_not_even_the_rule_can_read_goes_to_an_analyst(live: Bundle, asked: list[Request]) -> None:
    other = change(live, "points", range=(600, 850))
    assert compare(live, other) == NOTHING._replace(referred=("with points below 600",))
    request = {**asked[0], "application": {**asked[0]["application"], "points": 400}}
    decided = decide(serve(other, live), request)
    assert decided is not None
    assert (decided.decision.decision, decided.decision.decided_by) == ("refer", "rule")
    assert decided.decision.reasons == (other.rule.words_if_missing,)


def test_a_level_that_counts_as_another_there_needs_no_rule(live: Bundle) -> None:
    assert compare(live, change(live, "home", allowed=("own", "rent"), new_levels="rent")) == NOTHING
    folding = change(live, "home", allowed=("own", "rent"), fold=(("rent", ("other",)),))
    assert compare(live, folding) == NOTHING


def test_fields_that_the_other_version_does_not_know_are_logged_and_not_scored(
    live: Bundle, bundles: Callable[[str], Path], asked: list[Request]
) -> None:
    rule = load_bundle(bundles("heuristic"))
    other = without(rule, "home")
    assert compare(live, other) == NOTHING._replace(unscored=("home",))
    assert decide(serve(other), asked[0]) is None
    assert decide(serve(other, live), asked[0]) == decide(serve(rule), asked[0])
    wrong = {**asked[0], "application": {**asked[0]["application"], "home": "castle"}}
    assert decide(serve(other, live), wrong) is None
    assert compare(live, without(live, "race")) == NOTHING._replace(unscored=("race",))
    assert compare(live, replace(live, families={})) == NOTHING._replace(unscored=("the fields bureau_\\d+",))


def test_a_field_of_a_family_in_one_version_and_by_name_in_another_has_the_values_of_both(live: Bundle) -> None:
    fields = list_request_fields(live)
    narrow = fields.columns["bureau_1"].model_copy(update={"range": (0, 1)})
    named = RequestFields({**fields.columns, "bureau_9": narrow}, fields.needed, (), fields.protected, fields.ruled)
    parser = build_request_parser(live, 1, [named])
    for value in (0.5, 7.0):
        body = {"application": {**dict.fromkeys(live.inputs), "self": True, "bureau_1": 0, "bureau_2": 0}}
        body["application"]["bureau_9"] = value
        assert parser.parse(json.dumps(body).encode()).application["bureau_9"] == value


def test_a_protected_value_that_is_not_listed_is_taken_as_it_is(live: Bundle, asked: list[Request]) -> None:
    serving = serve(live, without(live, "race"))
    for value in ("Two-Spirit", 7, True, 0.5, None):
        parsed = serving.requests.parse(json.dumps({**asked[0], "protected": {"race": value}}).encode())
        assert parsed.protected == {"race": value}
    groups = [live.contract.protected["race"].find_group(one) for one in ("Two-Spirit", 7, "Black", None)]
    assert groups == ["other", "other", "Black", "undisclosed"]
    for refused in ({"rase": "Black"}, {"race": ["Black"]}, {"race": "x" * 201}):
        with pytest.raises(CreditError, match="protected"):
            serving.requests.parse(json.dumps({**asked[0], "protected": refused}).encode())


def test_the_effects_are_told_the_worst_first(live: Bundle) -> None:
    lines = ClientEffects(("without points",), ("with home other",), ("income",), tuple("abcde"), ("x",)).list_lines()
    assert lines == [
        "an analyst gets what comes without points",
        "the rule decides what comes with home other",
        "these are missing until they are sent: income",
        "these may not be left out any more: a, b, c and 2 more",
        "these are logged and not scored: x",
    ]


def test_deploying_and_returning_say_what_becomes_of_clients(live: Bundle, released: Store) -> None:
    """From the rule, which needs one field, to a model that needs six, and back: also before anything is done."""
    ledger = Ledger(released, "prod")
    apply_change(released, plan_rollback(ledger, WHY))
    change = plan_deployment(ledger, require_version(released, "v2.0.0"), WHY)
    said = "of what clients of v1.0.0 send, these may not be left out any more: bureau_1, bureau_2, home and 2 more"
    assert said in preview_change(released, change).text
    assert describe_client_effects(released, change) == [said]
    rollout = roll_out(released, change, wait=0, push=False, revert=False)
    assert said in describe_rollout(rollout).text
    assert describe_client_effects(released, plan_rollback(ledger, WHY)) == []
    (Path(released.url) / f"bundles/{live.manifest.digest}/contract.yaml").write_text("{}")
    (line,) = describe_client_effects(released, plan_rollback(ledger, WHY))
    assert line.startswith("what it makes of clients of v2.0.0 is not known")
