"""What a change does to the judge is said, and some of it is refused whatever the verdict."""

import subprocess
from pathlib import Path

import pytest

from release.compare.sides import Sides
from release.judge.changes import find_judge_changes, list_changed_files
from release.judge.forbidden import find_forbidden
from release.repository.git import resolve_commit
from release.repository.revision import Revision

WAIVER = (
    "candidate: logistic\nattribute: race\ngroup: Black\nmeasure: adverse_impact_ratio\nwhy: so\nuntil: 2027-01-01\n"
)


def tell(revisions: Sides[Revision]) -> list[tuple[str, ...]]:
    found = find_judge_changes(revisions, list_changed_files(revisions))
    return [(one.kind, one.where, one.base, one.head) for one in found]


def refuse(revisions: Sides[Revision]) -> list[str]:
    return find_forbidden(revisions, list_changed_files(revisions))


def edit(name: str, old: str, new: str) -> dict[str, str]:
    text = Path(name).read_text()
    assert old in text
    return {name: text.replace(old, new, 1)}


def test_limits_and_levers_are_told_with_both_values(propose) -> None:
    revisions = propose(
        edit("params.yaml", "policy: four_fifths_screen ", "policy: report_only ")
        | {"docs/page.md": "", "reports/choice.json": "{}"}
    )
    assert tell(revisions) == [("limits", "fairness.policy", "four_fifths_screen", "report_only")]


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("select_features.keep_places", "keep_places: true", "keep_places: false"),
        ("watch.acts", "acts: true", "acts: false"),
    ],
)
def test_what_moves_places_and_the_watch_is_told(propose, key: str, old: str, new: str) -> None:
    assert [one[1] for one in tell(propose(edit("params.yaml", old, new)))] == [key]


def test_another_approval_share_is_in_the_verdict_and_told(propose) -> None:
    revisions = propose(edit("params.yaml", "approval_share: base_rate", "approval_share: 0.5"))
    (one,) = find_judge_changes(revisions, list_changed_files(revisions))
    assert (one.where, one.base, one.head, one.is_used) == ("train.policy.approval_share", "base_rate", "0.5", True)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (".dvc/config", "[core]\n", ("DVC's settings and remotes", ".dvc/config", "", "added")),
        (".github/workflows/mine.yml", "on: push", ("workflows", ".github/workflows/mine.yml", "", "added")),
        ("credit/fairness/verdicts.py", "", ("code that judges", "credit/fairness/verdicts.py", "", "added")),
        ("waivers/mine.yaml", WAIVER, ("waivers", "waivers/mine.yaml", "", "added")),
        ("requirements.lock", "click==8.1.8\nevil==1.0\n", ("packages", "requirements.lock", "", "new: evil")),
        ("tests/test_it.py", None, ("tests", "tests/test_it.py", "", "2 of 2 gone: test_one, test_two")),
        (
            "tests/test_it.py",
            "import pytest\n\n\n@pytest.mark.skip\ndef test_one():\n    assert 1\n    assert 2\n",
            ("tests", "tests/test_it.py", "", "test_one may be left out now"),
        ),
        (
            "tests/test_it.py",
            "def test_one():\n    assert 1\n\n\ndef test_two():\n    assert 3\n",
            ("tests", "tests/test_it.py", "", "test_one does not ask any more: `assert 2`"),
        ),
        (
            "tests/test_it.py",
            "def test_one():\n    assert True or 1\n    assert 2\n\n\ndef test_two():\n    assert 3\n",
            ("tests", "tests/test_it.py", "", "test_one does not ask any more: `assert 1`"),
        ),
        (
            "tests/test_it.py",
            "def test_one():\n    return\n    assert 1\n    assert 2\n\n\ndef test_two():\n    assert 3\n",
            ("tests", "tests/test_it.py", "", "test_one may end early, or pass over an assert, now"),
        ),
        (
            "tests/test_it.py",
            "import pytest\npytestmark = pytest.mark.xfail\n\n\ndef test_one():\n    assert 1\n    assert 2\n",
            ("tests", "tests/test_it.py", "", "test_one may be left out now"),
        ),
    ],
)
def test_files_of_the_judge_are_told(propose, path: str, text: str | None, told: tuple[str, ...]) -> None:
    assert told in tell(propose({path: text}))


ASKING = """import pytest


@pytest.mark.parametrize("n", [1, 2])
def test_one(n):
    assert n
    check(n)


def check(n):
    assert n > 0


class TestAll:
    def test_two(self):
        np.testing.assert_allclose(1, 1)
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[1, 2]", "[1]", "test_one does not ask any more: `2`"),
        ("[1, 2]", "[1, 2, 3]", None),
        ("    assert n\n", "    if n > 5:\n        assert n\n", "test_one may end early, or pass over an assert, now"),
        (
            "    assert n\n",
            "    try:\n        assert n\n    except Exception:\n        pass\n",
            "test_one may end early, or pass over an assert, now",
        ),
        ("    assert n > 0", "    pass", "1 of 3 gone: check"),
        ("class TestAll", "@pytest.mark.skip\nclass TestAll", "TestAll.test_two may be left out now"),
        ("class TestAll:", "class TestAll:\n    __test__ = False\n", "TestAll.test_two may be left out now"),
        ("import pytest\n", "import pytest\npytest.exit('done')\n", "check may be left out now"),
        ("\n\nclass TestAll", "\n\ntest_one = None\n\n\nclass TestAll", "1 of 3 gone: test_one"),
        ("\n\nclass TestAll", "\n\ndel test_one\n\n\nclass TestAll", "1 of 3 gone: test_one"),
        (
            "\n\nclass TestAll",
            "\n\ndef test_one(n):\n    pass\n\n\nclass TestAll",
            "test_one does not ask any more: `assert n` and 3 more",
        ),
        ("(1, 1)\n", "(1, 1)\n\n\nTestAll = None\n", "1 of 3 gone: TestAll.test_two"),
        ("(1, 1)\n", "(1, 1)\n\n\nclass TestAll:\n    pass\n", "1 of 3 gone: TestAll.test_two"),
        (
            "        np.testing.assert_allclose(1, 1)",
            "        np.testing.assert_allclose(1, 1, rtol=9)",
            "TestAll.test_two does not ask any more: `np.testing.assert_allclose(1, 1)`",
        ),
    ],
)
def test_a_test_is_weaker_in_many_ways(propose, old: str, new: str, told: str | None) -> None:
    assert old in ASKING
    before = propose({"tests/test_asking.py": ASKING}).head
    after = propose({"tests/test_asking.py": ASKING.replace(old, new, 1)}).head
    found = [one[3] for one in tell(Sides(before, after))]
    assert told in found if told else found == []


BELOW = """try:
    import polars
except ImportError:
    def test_one():
        assert 1
else:
    def test_one():
        assert 2

with quiet():
    for name in NAMES:
        class TestAll:
            if name:
                async def test_two(self):
                    assert 3
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("assert 1", "pass", "test_one does not ask any more: `assert 1`"),
        ("assert 2", "pass", "test_one does not ask any more: `assert 2`"),
        ("assert 3", "pass", "TestAll.test_two does not ask any more: `assert 3`"),
        ("test_two", "two", "1 of 2 gone: TestAll.test_two"),
        ("\nwith", "\nif True:\n    def test_one():\n        pass\n\nwith", "test_one may be left out now"),
        ("\nwith", "\nif True:\n    test_one = None\n\nwith", "1 of 2 gone: test_one"),
        ("\nwith", "\nif True:\n    def test_three():\n        assert 4\n\nwith", None),
    ],
)
def test_tests_below_an_if_or_the_like_are_told_as_well(propose, old: str, new: str, told: str | None) -> None:
    before = propose({"tests/test_below.py": BELOW}).head
    after = propose({"tests/test_below.py": BELOW.replace(old, new, 1)}).head
    found = [one[3] for one in tell(Sides(before, after))]
    assert told in found if told else found == []


def test_a_test_that_moves_below_an_if_may_be_left_out(propose) -> None:
    text = Path("tests/test_it.py").read_text()
    nested = text.replace("def test_two():\n    assert 3", "if 0:\n    def test_two():\n        assert 3")
    assert [one[3] for one in tell(propose({"tests/test_it.py": nested}))] == ["test_two may be left out now"]


def test_what_tests_share_and_read_is_told(propose) -> None:
    before = propose({"tests/expected.json": "1", "testing/more.txt": "x"}).head
    brought = {"tests/conftest.py": "collect_ignore = ['test_it.py']", "docs/conftest.py": "", "tests/new.json": "1"}
    after = propose(brought | {"tests/expected.json": "2", "testing/more.txt": None}).head
    obeyed = "added, which all tests beside it obey"
    assert tell(Sides(before, after)) == [
        ("tests", "docs/conftest.py", "", obeyed),
        ("tests", "testing/more.txt", "", "what tests read is deleted"),
        ("tests", "tests/conftest.py", "", obeyed),
        ("tests", "tests/expected.json", "", "what tests read is changed"),
    ]


def test_tests_that_only_grow_are_not_told(propose) -> None:
    text = Path("tests/test_it.py").read_text() + "\n\ndef test_three():\n    assert 4\n"
    assert tell(propose({"tests/test_it.py": text, "tests/test_more.py": "def test_x():\n    assert 1\n"})) == []


def test_other_columns_without_an_id_deal_everybody_anew_and_that_is_told(propose) -> None:
    name = "data/contracts/loanapp.yaml"
    more = "columns:\n  number:\n    type: integer\n    role: ignored\n    because: new\n    description: new\n"
    (told,) = tell(propose(edit(name, "columns:\n", more)))
    assert told[0] == "split"
    assert "give rows an id" in told[3]


def test_an_attribute_that_another_contract_does_not_protect_is_told_by_name(propose) -> None:
    """A copy of the contract without it is a new file, to which the base has no judge."""
    text = Path("data/contracts/loanapp.yaml").read_text()
    start, end = text.index("  race:\n"), text.index("  sex:\n")
    files = edit("params.yaml", "contract: loanapp ", "contract: copied ")
    told = tell(propose(files | {"data/contracts/copied.yaml": text[:start] + text[end:]}))
    assert told == [
        ("a parameter that moves everybody", "data.contract", "loanapp", "copied"),
        ("contract", "copied.yaml: columns.race", "protected, in loanapp.yaml", "not protected"),
        ("contract", "copied.yaml", "", "a contract that the base does not have"),
    ]


def test_frozen_stages_are_refused(propose) -> None:
    frozen = edit("dvc.yaml", "  fairness:\n", "  fairness:\n    frozen: true\n")
    assert refuse(propose(frozen)) == ["dvc.yaml: fairness is frozen, so it would never run again; remove `frozen`"]


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("dvc.yaml", "stages: {fairness: {foreach: [a], do: {cmd: x, frozen: true}}}", "fairness"),
        ("dvc.yaml", "stages: {fairness: {cmd: x, frozen: '${train.read_protected}'}}", "fairness"),
        ("docs/dvc.yaml", "stages: {mine: {cmd: x, frozen: true}}", "mine"),
    ],
)
def test_a_stage_is_frozen_however_and_wherever_it_is_said(propose, path: str, text: str, name: str) -> None:
    assert refuse(propose({path: text})) == [f"{path}: {name} is frozen, so it would never run again; remove `frozen`"]


def test_a_dvc_file_that_would_run_a_command_or_write_elsewhere_is_refused(propose) -> None:
    plain = "outs: [{md5: 0123456789abcdef0123456789abcdef, size: 1, hash: md5, path: loans}]\n"
    assert refuse(propose({"data/raw/loans.dvc": plain})) == []
    assert refuse(propose({"data/raw/loans.dvc": plain, "data/raw/more.dvc": "cmd: sh evil.sh\n"})) == [
        "data/raw/more.dvc: found no list of one output, expected one output, more"
    ]
    (found,) = refuse(propose({"data/raw/more.dvc": plain.replace("loans", "../../credit/fairness")}))
    assert found.startswith("data/raw/more.dvc: found the output '../../credit/fairness'")


def test_training_code_that_nobody_can_read_is_refused(propose) -> None:
    """A compiled module comes before the source of its name when Python looks for it."""
    path = "credit/candidates/logistic.cpython-312-x86_64-linux-gnu.so"
    assert refuse(propose({path: "\x7fELF\0", "credit/candidates/mine.py": "NAME = 'ü'"})) == [
        f"{path}: is no text, and who approves training code has to read it; bring its source"
    ]


def test_a_co_author_signs_no_waiver_either(propose) -> None:
    revisions = propose({"waivers/mine.yaml": WAIVER + "who: Bob Bold\n"})
    assert refuse(revisions) == []
    message = "as it is\n\nCo-authored-by: Bob Bold <bob@example.org>"
    subprocess.run(["git", "commit", "--quiet", "--amend", "--message", message], check=True)
    assert refuse(Sides(revisions.base, Revision("change", resolve_commit("HEAD")))) == [
        "waivers/mine.yaml: Bob Bold signs a waiver that Bob Bold wrote; another person has to"
    ]


@pytest.mark.parametrize(
    ("signatures", "refused"),
    [
        ("who: Ann Author\n", ["Ann Author"]),
        ("who: ann@example.org\nsecond: ANN  author\n", ["ann@example.org", "ANN  author"]),
        ("who: Ánn-Author\n", ["Ánn-Author"]),
        ("who: \uff21nn Author\n", ["\uff21nn Author"]),
        ("who: the model risk committee\nsecond: Bob Bold\n", []),
    ],
)
def test_nobody_signs_a_waiver_that_they_wrote(propose, signatures: str, refused: list[str]) -> None:
    found = refuse(propose({"waivers/mine.yaml": WAIVER + signatures}))
    assert found == [
        f"waivers/mine.yaml: {name} signs a waiver that {name} wrote; another person has to" for name in refused
    ]
