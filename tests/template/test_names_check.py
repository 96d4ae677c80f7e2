"""The check of names in `make lint`: verbs and predicates pass, participles and particles do not."""

import subprocess
import sys
from pathlib import Path

import pytest

from testing.lenders.frozen import ROOT

SCRIPT = ROOT / ".ci/check_names.py"
GOOD = "\n".join(f'def load_{letter}() -> None:\n    """Load {letter}."""\n' for letter in "abcdefghij")


def check(folder: Path, *options: str, **files: str) -> tuple[int, list[str]]:
    """Check a repository with these files in its package `shop`; the exit code and the lines that were printed."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / "shop").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"shop/{name}.py").write_text(text)
    command = [sys.executable, str(SCRIPT), *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_verbs_and_predicates_pass(tmp_path: Path) -> None:
    code, lines = check(
        tmp_path, good=GOOD, more="class A:\n    async def _is_live(self): ...\n    def do_GET(self): ...\n"
    )
    assert (code, lines) == (0, ["names: 12 functions, 100% start with a verb, 0 failures"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("told", "participle 'told'"),
        ("_parsed_rows", "participle 'parsed'"),
        ("mapping", "participle 'mapping'"),
        ("after", "particle 'after'"),
        ("of_folder", "particle 'of'"),
        ("nothing", "particle 'nothing'"),
    ],
)
def test_participles_and_particles_fail_with_their_line(tmp_path: Path, name: str, kind: str) -> None:
    code, [line, _] = check(tmp_path, good=GOOD, bad=f"def load():\n    def {name}(): ...\n")
    assert code == 1
    assert line.startswith(f"shop/bad.py:2: {name}: starts with the {kind}; rename it")


@pytest.mark.parametrize(
    "name", ["read", "feed_rows", "need", "string", "to_json", "from_file", "roc_auc", "__enter__"]
)
def test_imperatives_conversions_and_terms_of_the_field_are_no_offence(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, good=GOOD, fine=f"def {name}(): ...\n")[0] == 0


def test_a_term_of_the_field_is_no_verb(tmp_path: Path) -> None:
    code, lines = check(tmp_path, "--nouns", good=GOOD, fine="def equalized_odds_difference(): ...\ndef table(): ...\n")
    assert (code, lines[:2]) == (
        0,
        ["shop/fine.py:1: equalized_odds_difference: accepted", "shop/fine.py:2: table: noun"],
    )
    assert lines[-1] == "names: 12 functions, 83% start with a verb, 0 failures"


@pytest.mark.parametrize(("name", "kind"), [("record", "noun"), ("record_of", "noun"), ("judge_of", "noun")])
def test_a_word_that_is_a_noun_as_often_needs_an_object(tmp_path: Path, name: str, kind: str) -> None:
    code, lines = check(tmp_path, "--nouns", good=GOOD, fine=f"def {name}(): ...\ndef record_sale(): ...\n")
    assert (code, lines[:-1]) == (0, [f"shop/fine.py:1: {name}: {kind}"])


def test_too_few_verbs_fail_for_the_package_and_the_total(tmp_path: Path) -> None:
    nouns = "\n".join(f"def table_{letter}(): ..." for letter in "abcde")
    code, lines = check(tmp_path, good=GOOD, bad=nouns)
    assert code == 1
    assert [line.split(";")[0] for line in lines[:-1]] == [
        "shop: 67% of 15 functions start with a verb, fewer than 70%",
        "total: 67% of 15 functions start with a verb, fewer than 70%",
    ]


def test_a_docstring_that_says_what_is_fails_with_its_line(tmp_path: Path) -> None:
    code, lines = check(tmp_path, good=GOOD, bad='class Cart:\n    """Holds What\n    was bought."""\n')
    assert code == 1
    assert lines[0] == 'shop: 9.1% of 11 docstrings say "what is", 2% or more'
    assert lines[2] == "shop/bad.py:1: docstring of Cart: 'What was'; name the thing itself"


def test_properties_overloads_fixtures_and_tests_are_left_out(tmp_path: Path) -> None:
    decorators = ("property", "functools.cached_property", "total.setter", "typing.overload", "pytest.fixture")
    fields = "".join(f"    @{name}\n    def told(self): ...\n" for name in decorators)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_shop.py").write_text("def told(): ...\n")
    code, lines = check(tmp_path, "--table", good=GOOD, fine=f"class Cart:\n{fields}")
    assert code == 0
    assert [line.split()[:3] for line in lines[1:3]] == [["shop", "10", "10"], ["total", "10", "10"]]
