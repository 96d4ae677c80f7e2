"""Inside a factor: the commit, the parameter, the rows and the column that were planted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.formatting import MINUS
from credit.contract import Contract, load_contract
from release.blame.cause import find_cause
from release.blame.inside.code import find_moving_commit
from release.blame.inside.data import describe_data, measure_shift
from release.blame.investigation import Question
from release.blame.versions import resolve_versions
from release.compare.sides import Sides
from testing.lenders.loans import CONTRACT, make_loans
from testing.traceable_lender import RATIO, TraceableLender


def test_the_commit_and_the_parameter_that_moved_it_are_named(lender: TraceableLender) -> None:
    def commit(message: str) -> None:
        lender.project.run("git", "commit", "--quiet", "--all", "--message", message)

    lender.project.edit("stages/scoring.py", "import random", "# as it was\nimport random")
    commit("Comment on it")
    lender.project.edit("stages/scoring.py", "+ noise", "+ noise - 0.8 * (row['race'] == 'Black')")
    commit("Score by race")
    lender.project.edit("stages/scoring.py", "# as it was", "# as it always was")
    commit("Comment again")
    lender.edit_params(lambda params: params["train"].update(share=0.2, weights={"home": 1.0}))
    lender.build()
    answer = find_cause(Question(resolve_versions("good", "main"), (RATIO,)))
    inside = {one.factor: one.lines for one in answer.inside}
    assert "of 3 commits" in inside["code"][0]
    assert inside["code"][0].endswith("Score by race")
    assert inside["params.train"][0] == "train.weights.income alone: 0", "the weight that a feature has without one"
    by_name = {line.partition(" alone: ")[0]: line.partition(" alone: ")[2] for line in inside["params.train"]}
    assert set(by_name) == {"train.weights.income", "train.weights.home", "train.share"}
    assert by_name["train.weights.home"] == "0"
    assert by_name["train.share"].startswith(MINUS)


@pytest.mark.parametrize("commits", [1, 2, 3, 7, 8])
def test_halving_finds_the_commit_wherever_it_is(commits: int) -> None:
    names = [str(number) for number in range(commits)]
    for guilty in range(commits):
        asked: list[str] = []

        def measure(name: str, guilty: int = guilty, asked: list[str] = asked) -> float:
            asked.append(name)
            return 0.72 if int(name) >= guilty else 0.8

        assert find_moving_commit(names, measure, Sides(0.8, 0.72)) == str(guilty)
        assert len(asked) <= 3


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    file = tmp_path / "mine.yaml"
    file.write_text(CONTRACT)
    return load_contract(file)


def write(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    frame.to_parquet(folder / name, index=False)
    return folder / name


def test_rows_that_came_went_and_changed_are_counted_and_the_column_is_named(
    contract: Contract, tmp_path: Path
) -> None:
    before = make_loans(400)
    after = before.drop(index=range(30)).reset_index(drop=True)
    after.loc[after.index[:100], "income"] *= 3
    more = make_loans(420).tail(20)
    after = pd.concat([after, more], ignore_index=True)
    lines = describe_data(contract, Sides(write(tmp_path, "a", before), write(tmp_path, "b", after)))
    assert lines[0] == "20 rows added, 30 gone, 100 changed"
    assert lines[1].startswith("column income: χ²")


def test_without_an_id_a_changed_row_is_one_that_went_and_one_that_came(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(CONTRACT.replace("role: id", "role: ignored, because: a test"))
    before = make_loans(200)
    after = before.assign(home=before["home"].where(before.index >= 50))
    tables = Sides(write(tmp_path, "a", before), write(tmp_path, "b", after))
    lines = describe_data(load_contract(file), tables)
    gone = int(before["home"].head(50).notna().sum())
    assert lines[0] == f"{gone} rows added, {gone} gone (a changed row counts as both: no id)"
    assert "column home" in lines[1]
    assert "missing" in lines[1]


def test_a_shift_is_nothing_for_equal_shares_and_one_for_none_in_common() -> None:
    values = pd.Series(np.arange(1000.0))
    assert measure_shift(values, values.sample(frac=1, random_state=0)) == 0
    assert measure_shift(pd.Series(["a"] * 5), pd.Series(["b"] * 7)) == pytest.approx(1)
    assert measure_shift(values, values + 2000) == pytest.approx(1)
    assert 0 < measure_shift(values, values.where(values > 100)) < 0.2
