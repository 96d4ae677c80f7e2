"""Waivers let one finding through, of one candidate, until a day."""

from datetime import date, timedelta
from pathlib import Path
from unicodedata import normalize

import pytest
from fairness_rows import TODAY, WAIVER, counted, policy, rules
from pydantic import ValidationError

from credit.common.errors import CreditError
from credit.fairness.findings import judge_fairness
from credit.fairness.group_comparison import list_judged_groups
from credit.fairness.policies import Limit
from credit.fairness.waivers import Waiver, check_waivers, find_overlong, fold_name, load_waivers
from testing.lenders.frozen import LENDER, ROOT

UNEQUAL = counted((3750, 5000), (17, 30))
FAILED = counted((3750, 5000), (5, 30))
GROUPS = list_judged_groups(UNEQUAL, policy(), rules())


def test_a_waiver_lets_an_unequal_finding_through_and_it_is_still_no_pass() -> None:
    made = judge_fairness(UNEQUAL, policy(), rules(), "forest", {"waivers/race.yaml": WAIVER}, TODAY)
    found = made.findings[0]
    assert not made.blocks
    assert (found.verdict, found.warn) == ("unequal", True)
    assert found.model_dump(mode="json", exclude_unset=True)["waiver"] == {
        "file": "waivers/race.yaml",
        "used": True,
        "who": WAIVER.who,
        "why": WAIVER.why,
        "until": "2026-12-01",
    }


@pytest.mark.parametrize(("second", "lifted"), [(None, False), ("the head of lending", True)])
def test_a_fail_is_lifted_by_two_people_only_and_stays_a_fail(second: str | None, lifted: bool) -> None:
    waiver = WAIVER.model_copy(update={"second": second})
    made = judge_fairness(FAILED, policy(), rules(), "forest", {"w": waiver}, TODAY)
    (found,) = made.findings
    assert (made.verdict, made.blocks, found.warn) == ("fail", not lifted, lifted)
    assert found.waiver is not None
    assert (found.waiver.used, found.waiver.second) == (lifted, second)


@pytest.mark.parametrize(
    "second",
    [
        "",
        "  ",
        "the model risk committee",
        " The Model Risk Committee ",
        "the model-risk\u200b committee",
        "the m\u00f6del risk committee",
        "the m\u043edel risk committee",  # with a Cyrillic letter that looks alike
    ],
)
def test_a_second_person_is_somebody_else(second: str) -> None:
    with pytest.raises(ValidationError):
        Waiver.model_validate(WAIVER.model_dump() | {"second": second})


def test_letters_that_look_alike_are_found_in_the_first_name_too() -> None:
    mixed = WAIVER.model_dump() | {"who": "the m\u043edel risk committee", "second": "the head of lending"}
    with pytest.raises(
        ValidationError, match=r"Cyrillic and Latin(.|\n)*one name can be written so that it looks like"
    ):
        Waiver.model_validate(mixed)


@pytest.mark.parametrize(
    ("one", "other"),
    [("राम", "रमा"), ("मीना", "मनी"), ("กิต", "กีต"), ("かな", "がな"), ("ບິນ", "ບູນ"), ("করি", "করা")],
)
def test_a_vowel_that_is_a_sign_makes_another_name(one: str, other: str) -> None:
    """Marks of Devanagari, Thai, kana, Lao and Bengali spell a name; they are no accents."""
    assert Waiver.model_validate(WAIVER.model_dump() | {"who": one, "second": other}).second == other
    assert fold_name(normalize("NFD", f" {one}\u200b")) == fold_name(one)


@pytest.mark.parametrize("second", ["\u0410\u043d\u043d\u0430 1", "\u5f20\u4f1f", "Zo\u00eb B."])
def test_a_second_person_may_have_a_name_of_any_script(second: str) -> None:
    assert Waiver.model_validate(WAIVER.model_dump() | {"second": second}).second == second


def test_a_waiver_of_another_candidate_changes_nothing() -> None:
    assert judge_fairness(UNEQUAL, policy(), rules(), "logistic", {"w": WAIVER}, TODAY).blocks


def test_a_waiver_holds_on_its_last_day_and_is_an_error_the_day_after() -> None:
    assert not judge_fairness(UNEQUAL, policy(), rules(), "forest", {"w": WAIVER}, WAIVER.until).blocks
    with pytest.raises(CreditError, match="which is past"):
        judge_fairness(UNEQUAL, policy(), rules(), "forest", {"w": WAIVER}, WAIVER.until + timedelta(days=1))


@pytest.mark.parametrize(
    "change", [{"attribute": "rcae"}, {"group": "blak"}, {"measure": "luck"}, {"candidate": "tree"}]
)
def test_a_waiver_that_names_nothing_is_an_error(change: dict[str, str]) -> None:
    waiver = WAIVER.model_copy(update=change)
    with pytest.raises(CreditError, match=next(iter(change.values()))):
        check_waivers({"w": waiver}, ["forest", "logistic"], GROUPS, policy(), TODAY)


def test_a_waiver_of_a_policy_that_gates_nothing_is_an_error_without_an_empty_list() -> None:
    shown = policy(adverse_impact_ratio=Limit(source="a test", warn_below=0.8))
    with pytest.raises(CreditError, match=r"^w: measure: the policy gates no measure, so adverse_impact_ratio"):
        check_waivers({"w": WAIVER}, ["forest"], GROUPS, shown, TODAY)


def test_two_waivers_of_one_finding_are_an_error() -> None:
    with pytest.raises(CreditError, match="the same finding as in a"):
        check_waivers({"a": WAIVER, "b": WAIVER}, ["forest"], GROUPS, policy(), TODAY)


def test_waivers_are_read_from_a_folder_and_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in WAIVER.model_dump(mode="json", exclude_none=True).items())
    (tmp_path / "good.yaml").write_text(text)
    assert load_waivers(tmp_path) == {str(tmp_path / "good.yaml"): WAIVER}
    (tmp_path / "bad.yaml").write_text(text.replace("who: the", "whom: the"))
    (tmp_path / "worse.yaml").write_text("until: never")
    with pytest.raises(CreditError) as error:
        load_waivers(tmp_path)
    told = str(error.value)
    assert "bad.yaml: who: found nothing" in told
    assert "bad.yaml: whom: unknown key" in told
    assert "worse.yaml: until" in told


def test_a_folder_that_is_not_there_has_no_waivers(tmp_path: Path) -> None:
    assert load_waivers(tmp_path / "waivers") == {}
    assert WAIVER.until > date(2026, 11, 1)


def test_the_waiver_that_the_readme_shows_is_one(tmp_path: Path) -> None:
    shown = (ROOT / "waivers/README.md").read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "shown.yaml").write_text(shown)
    assert next(iter(load_waivers(tmp_path).values())).group == "Hispanic"
    assert load_waivers(LENDER / "waivers") == {}


def test_a_waiver_for_the_reference_or_for_a_pair_that_does_not_gate_is_unmatched() -> None:
    reference = UNEQUAL.groups["race"][0]
    with pytest.raises(CreditError, match=f"group: found {reference}"):
        check_waivers({"w": WAIVER.model_copy(update={"group": reference})}, ["forest"], GROUPS, policy(), TODAY)
    with pytest.raises(CreditError, match="attribute: found race & sex"):
        check_waivers({"w": WAIVER.model_copy(update={"attribute": "race & sex"})}, ["forest"], GROUPS, policy(), TODAY)


@pytest.mark.parametrize("change", [{"who": " "}, {"why": "\n"}, {"until": 4102444800}])
def test_a_waiver_that_nobody_signs_or_that_has_no_day_is_an_error(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Waiver.model_validate(WAIVER.model_dump() | change)


def test_a_file_that_would_never_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("what waivers are")
    (tmp_path / "race.yml").write_text("candidate: forest")
    with pytest.raises(CreditError, match=r"race\.yml: not a \*\.yaml file"):
        load_waivers(tmp_path)


@pytest.mark.parametrize(("days", "refused"), [(365, False), (366, True), (36_500, True)])
def test_a_waiver_lasts_as_long_as_params_say_at_most(days: int, refused: bool) -> None:
    waiver = WAIVER.model_copy(update={"until": TODAY + timedelta(days=days)})
    found = find_overlong({"waivers/race.yaml": waiver}, TODAY, 365)
    assert [str(one) for one in found] == (
        [
            f"waivers/race.yaml: until: found {waiver.until}, expected {TODAY + timedelta(days=365)} at the latest; "
            "fairness.waivers.longest says how long"
        ]
        if refused
        else []
    )
