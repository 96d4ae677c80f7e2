"""The verdict says what the numbers of the run say, and nothing that is false on other numbers."""

from typing import Any

from credit.report.narrative import compose_narrative
from testing.report_drafts import Draft


def told(draft: Draft) -> str:
    found = compose_narrative(draft.finish())
    return "\n".join([found.headline, found.why, *found.sentences])


def let_through(draft: Draft, *names: str) -> None:
    """Remove what is in the way of some candidates; the last one goes forward."""
    for name in names:
        draft.choice["candidates"][name] |= {"eligible": True, "against": []}
        for item in draft.judged[name]["findings"]:
            item["blocks"] = False
    draft.choice["champion"] = names[-1]


def lowest(draft: Draft, **values: float) -> None:
    for name, value in values.items():
        draft.judged[name]["lowest_adverse_impact_ratio"] |= {
            "value": value,
            "interval": [value - 0.05, value + 0.05],
        }


def base_rates(draft: Draft, group: str, rate: float) -> None:
    for judged in draft.judged.values():
        judged["groups"][group]["base_rate"] = rate


def test_when_nobody_passes_the_rule_goes_on_deciding_and_that_is_not_a_pass(draft: Draft) -> None:
    text = told(draft)
    assert text.startswith("The rule goes forward\nNo candidate of 3 passes every gate")
    assert "Against the rule: unequal in adverse impact ratio of Black (race). It goes forward all the" in text


def test_the_recorded_outcomes_are_measured_by_the_same_limit(draft: Draft) -> None:
    groups = draft.judged["logistic"]["groups"]
    ratio = groups["race: Black"]["base_rate"] / groups["race: white"]["base_rate"]
    assert ratio < 0.8
    assert "breach the limit of at least 0.8 themselves: they are favourable for 67.5% of Black (race) and" in told(
        draft
    )
    assert f"a ratio of {ratio:.3f}" in told(draft)


def test_outcomes_that_keep_the_limit_are_not_said_to_breach_it(draft: Draft) -> None:
    base_rates(draft, "race: Black", 0.9)
    assert "breach the limit" not in told(draft)
    assert "The recorded outcomes themselves keep the limit of at least 0.8" in told(draft)


def test_the_best_is_named_as_the_furthest_from_the_limit_only_if_it_is(draft: Draft) -> None:
    assert "The random forest is the best by AUC (0.893) and has the lowest worst-group ratio of all, 0.728" in told(
        draft
    )
    lowest(draft, random_forest=0.95, logistic=0.9, heuristic=0.85)
    assert "random forest is the best by AUC (0.893) and has the best worst-group ratio" in told(draft)
    assert "here the two do not conflict" in told(draft)
    lowest(draft, heuristic=0.6, random_forest=0.9, logistic=0.95)
    assert "The rule has the lowest of all, 0.600 for Black (race): it goes forward because no other may" in told(draft)


def test_a_model_that_passes_goes_forward_with_its_figure_and_interval(draft: Draft) -> None:
    let_through(draft, "heuristic", "logistic")
    figures = draft.metrics["logistic"]
    auc, (low, high) = figures["roc_auc"], figures["roc_auc_interval"]
    shown = f"AUC {auc:.3f} (95% interval {low:.3f} to {high:.3f})."
    assert f"2 of 3 candidates pass every gate, and it has the best AUC of them: {shown}" in told(draft)
    assert compose_narrative(draft.finish()).headline == "The logistic regression goes forward"
    assert "Against the logistic regression" not in told(draft)


def test_the_only_one_that_passes_is_said_to_be_the_only_one(draft: Draft) -> None:
    let_through(draft, "random_forest")
    assert "Of 3 candidates only this one passes every gate: AUC 0.893" in told(draft)


def test_a_champion_by_waiver_is_said_to_be_one(draft: Draft) -> None:
    let_through(draft, "logistic")
    waiver: dict[str, Any] = {
        "file": "waivers/a.yaml",
        "used": True,
        "who": "the board",
        "why": "w",
        "until": "2027-01-01",
    }
    black = next(item for item in draft.judged["logistic"]["findings"] if item["group"] == "Black")
    black["waiver"] = waiver
    through = "A waiver lets the logistic regression through for the adverse impact ratio of Black (race), "
    assert f"{through}signed by the board until 2027-01-01. It is not a pass" in told(draft)
    waiver["used"] = False
    assert "A waiver lets" not in told(draft)


def test_a_failed_gate_of_quality_is_counted_beside_the_findings(draft: Draft) -> None:
    draft.choice["candidates"]["logistic"]["against"].append("roc auc: 0.51, beyond the limit of at least 0.65.")
    assert "Against the logistic regression: unequal in adverse impact ratio of Black (race); a quality gate." in told(
        draft
    )


def test_whether_the_people_decide_follows_from_the_verdicts(draft: Draft) -> None:
    assert "197 of 1,980 people (9.9%)" in told(draft)
    assert "For the rule, the logistic regression and the random forest the ratio is beyond the limit of" in told(draft)
    for name, verdict in (("heuristic", "pass"), ("logistic", "insufficient"), ("random_forest", "fail")):
        for item in draft.judged[name]["findings"]:
            if (item["group"], item["measure"]) == ("Black", "adverse_impact_ratio"):
                item["verdict"] = verdict
    assert "For the rule all of it keeps the limit of at least 0.8: a pass." in told(draft)
    assert "For the logistic regression the data do not decide about the limit of at least 0.8" in told(draft)
    assert "For the random forest all of it is beyond the limit of at least 0.8" in told(draft)


def test_what_is_undecided_is_to_be_watched_and_how_many_people_would_decide_it_is_told(draft: Draft) -> None:
    assert "is to be watched" not in told(draft)
    finding = next(item for item in draft.judged["heuristic"]["findings"] if item["blocks"])
    finding |= {"power": 0.431, "more_people_to_decide": 1234}
    assert "is to be watched" not in told(draft), "a figure of a secondary attribute is none"
    figure = {key: finding[key] for key in ("attribute", "group", "measure", "value", "interval", "people")}
    limits = {"at_least": 0.8, "at_most": None, "planned_ratio": 0.7, "power": 0.431, "more_people_to_decide": 1234}
    draft.judged["heuristic"]["obligations"] = [figure | limits]
    found = (
        "Adverse impact ratio of Black (race) is to be watched: unequal treatment as it is planned for would be found "
    )
    assert f"{found}among so many people with 43%; 1,234 more people of the group would decide it." in told(draft)
    finding["more_people_to_decide"] = None
    assert "with 43%, and no number of further people would do." in told(draft)
    finding["more_people_to_decide"] = 0
    assert "with 43%, so what there is, if anything, is probably milder." in told(draft)
    del finding["power"], finding["more_people_to_decide"]
    assert "is to be watched: it is beyond its limit, and the people do not decide it." in told(draft)


BETTER = {
    "candidate": "logistic",
    "quality_change": 0.1202,
    "quality_change_interval": [0.1, 0.14],
    "worst_group_ratio": 0.79,
    "incumbent_worst_group_ratio": 0.7794,
    "waivers": ["candidate: logistic\n"],
}


def test_a_dominated_incumbent_is_no_safe_choice_and_the_way_forward_is_told(draft: Draft) -> None:
    assert "is better than the incumbent" not in told(draft)
    draft.choice["better"] = [better := dict(BETTER)]
    assert (
        "The logistic regression is better than the incumbent, the rule, on both counts, about the same 1,980 people "
        "(out of fold): AUC +0.120 (90% interval +0.100 to +0.140), worst-group ratio 0.790 against 0.779. To keep the "
        "rule is no safe choice. It goes forward by the waiver that is drafted below, once signed."
    ) in told(draft)
    better["waivers"] = []
    assert "Quality gates stand against it, which no waiver lifts." in told(draft)
    draft.choice["candidates"]["logistic"] |= {"eligible": True, "against": []}
    assert "It may go forward; by AUC on the test rows the incumbent is ahead." in told(draft)
    assert "no safe choice" not in told(draft)


def test_a_rule_that_fails_equal_treatment_needs_two_people_who_sign(draft: Draft) -> None:
    assert "that two people sign" not in told(draft)
    finding = next(item for item in draft.judged["heuristic"]["findings"] if item["blocks"])
    finding["verdict"] = "fail"
    assert (
        "The rule itself fails equal treatment (adverse impact ratio of Black (race)): it becomes a version only with "
        "an exception in waivers/ that two people sign."
    ) in told(draft)


def test_how_often_the_policy_is_wrong_is_told(draft: Draft) -> None:
    detected = [
        {"attribute": "race", "group": "Black", "people": 197, "found": 1.0},
        {"attribute": "race", "group": "Hispanic", "people": 11, "found": 0.125},
    ]
    drawn = {"tables": 2000, "ratio": 0.7, "fair_blocked": 0.021, "detected": detected}
    draft.judged["heuristic"]["operating_characteristics"] = drawn
    assert (
        "This policy would stop a candidate that treats everybody alike in 2.1% of 2,000 random tables of such people. "
        "One by which a group has 70% of its reference's approvals would be found with 100% if it is Black (race), 197 "
        "people, and with 12% if it is Hispanic (race), 11 people."
    ) in told(draft)
    detected[1]["found"], drawn["fair_blocked"] = 0.999, 0.0
    assert "treats everybody alike in none of 2,000 random tables" in told(draft)
    assert "would be found with 100%, whichever group it is." in told(draft)
    draft.judged["heuristic"]["operating_characteristics"] = None
    assert "This policy would stop" not in told(draft)


def test_without_any_ratio_nothing_is_said_about_ratios(draft: Draft) -> None:
    for judged in draft.judged.values():
        judged["lowest_adverse_impact_ratio"] = None
    assert "lowest" not in told(draft).replace("at the lowest", "")
