"""Known causes, planted one at a time beside a change that does nothing: the right one is named, and no other."""

from collections.abc import Callable

import pytest

from release.blame.answer.content import Blame
from release.blame.cause import find_cause
from release.blame.investigation import Question
from release.blame.versions import resolve_versions
from testing.traceable_lender import CONTRACT, RATIO, TraceableLender, make_rows


def blame(*figures: str, reseeds: int = 4) -> Blame:
    """Blame the branch for what differs from `good`."""
    return find_cause(Question(resolve_versions("good", "main"), figures, None, reseeds))


def find_parts(answer: Blame) -> dict[str, float]:
    """Take the parts of the first figure, by factor."""
    return {part.factor: part.value for part in answer.figures[0].parts}


def comment_code(lender: TraceableLender) -> None:
    lender.project.edit("stages/train.py", "import json", "# as it was\nimport json")


def comment_contract(lender: TraceableLender) -> None:
    lender.project.edit(CONTRACT, "columns:", "# as it was\ncolumns:")


def change_data(lender: TraceableLender) -> None:
    lender.write_rows(make_rows(burden=1.0))
    comment_code(lender)


def drop_feature(lender: TraceableLender) -> None:
    lender.edit_params(lambda params: params["select_features"].update(drop=["income"]))
    comment_code(lender)


def change_parameter(lender: TraceableLender) -> None:
    lender.edit_params(lambda params: params["train"].update(share=0.2))
    comment_contract(lender)


def change_code(lender: TraceableLender) -> None:
    lender.project.edit("stages/scoring.py", "+ noise", "+ noise - 0.8 * (row['race'] == 'Black')")
    lender.edit_params(lambda params: params["train"]["weights"].update(home=1.0))  # as without a weight


def change_contract(lender: TraceableLender) -> None:
    lender.project.edit(CONTRACT, "income: {type: number, role: feature", "income: {type: number, role: ignored")
    lender.project.edit(CONTRACT, "description: income, reason: your income", "description: income, because: a test")
    comment_code(lender)


def check_whose_decisions(answer: Blame) -> None:
    """The code takes points from Black applicants, and as many are approved: they go out, and white ones come in."""
    flips = {one.group: {kind: count for kind, count in one.flips.items() if count} for one in answer.flips}
    assert set(flips) == {"Black", "white"}
    (gone,), (come,) = flips["Black"].values(), flips["white"].values()
    assert flips == {"Black": {"approve_to_deny": gone}, "white": {"deny_to_approve": come}}
    (row,) = [one for one in answer.hybrids if one.factors == ("code",)]
    assert gone == come
    assert row.flipped == gone + come


@pytest.mark.parametrize(
    ("plant", "guilty", "innocent", "ran"),
    [
        (change_data, "data", "code", (0, 7, 6, 6, 6)),
        (drop_feature, "params.select_features", "code", (0, 5, 4, 4, 4)),
        (change_parameter, "params.train", "contract", (0, 2, 3, 3, 3)),
        (change_code, "code", "params.train", (0, 4, 4, 4, 4)),
        (change_contract, "contract", "code", (0, 5, 4, 4, 4)),
    ],
)
def test_a_single_cause_is_found_and_what_did_nothing_has_no_part(
    lender: TraceableLender, plant: Callable[[TraceableLender], None], guilty: str, innocent: str, ran: tuple[int, ...]
) -> None:
    """`ran`: how often ingest, train, evaluate, predict and choose run for the answer.

    What both versions have is never made again, and what hybrids share is made once: ingest never runs, and nothing
    below the change of a hybrid runs when its inputs come out the same. Beside the hybrids the bad version is made, and
    made with two other seeds; with other people, both models on both tables.
    """
    plant(lender)
    lender.build()
    lender.count_stages()
    answer = blame(RATIO)
    counts = tuple(lender.count_stages().values())
    assert counts == ran
    assert sum(counts) < 5 * answer.runs, "else nothing is shared"
    (figure,) = answer.figures
    assert answer.verdict == "attributed", answer.sentence
    assert find_parts(answer) == {guilty: pytest.approx(figure.move), innocent: 0.0}
    assert abs(figure.move) > figure.band
    assert figure.remainder == pytest.approx(0, abs=1e-9)
    assert f"{guilty} " in answer.sentence
    assert f"{innocent} 0" in answer.sentence
    assert {one.factor for one in answer.flips} == {guilty}, "of what did nothing nobody is decided otherwise"
    if guilty == "code":
        check_whose_decisions(answer)
    both = answer.people_or_model
    assert (both is not None) == (guilty in ("data", "contract")), "else the same people are judged"
    if guilty == "data":
        assert both is not None
        assert (both.people, both.model) == (pytest.approx(figure.move), 0), "no row moves a weight of the model"
    elif both is not None:
        assert "the model of good on the people of main" in both.why_not, "it reads a column that they lack"


def test_two_causes_that_act_only_together_are_named_together(lender: TraceableLender) -> None:
    lender.project.edit("stages/scoring.py", "BONUS = 0.0", "BONUS = 0.8")
    lender.edit_params(lambda params: params["train"].update(flagged=True))
    lender.build()
    lender.count_stages()
    answer = find_cause(Question(resolve_versions("good", "main"), (RATIO,), jobs=2))
    assert tuple(lender.count_stages().values()) == (0, 2, 5, 5, 3)
    (figure,) = answer.figures
    assert answer.verdict == "attributed"
    assert [(both.factors, both.value) for both in figure.together] == [
        (("params.train", "code"), pytest.approx(figure.move))
    ]
    assert all(part.alone == 0 for part in figure.parts)
    assert find_parts(answer) == {name: pytest.approx(figure.move / 2) for name in ("params.train", "code")}
    assert "params.train and code only together" in answer.sentence


def test_two_builds_of_one_commit_blame_nothing_and_run_nothing(lender: TraceableLender) -> None:
    lender.project.run("dvc", "repro", "--quiet", "--force")
    (lender.folder / "NOTES").write_text("nothing that a stage reads")
    lender.project.commit()
    answer = blame()
    assert (answer.verdict, answer.runs, answer.factors) == ("inside noise", 0, ())
    assert {figure.verdict for figure in answer.figures} == {"inside noise"}


def test_in_twenty_trials_of_other_random_numbers_nobody_is_accused(lender: TraceableLender) -> None:
    """The code draws other numbers, which changes every score a little: as good as another seed, and no cause.

    The twenty are always the same; how often others would be accused is counted in `test_judging.py`.
    """
    accused, before = [], 'Random(f"'
    for trial in range(20):
        now = f'Random(f"{trial} '
        lender.project.edit("stages/scoring.py", before, now)
        lender.build()
        answer = blame(reseeds=9)
        assert any(figure.move for figure in answer.figures), "else this trial says nothing"
        accused += [part.factor for figure in answer.figures for part in figure.parts if part.beyond_noise]
        before = now
    assert accused == []


def test_other_seeds_are_noise_and_never_a_factor(lender: TraceableLender) -> None:
    lender.edit_params(lambda params: params["train"].update(seed=5))
    lender.edit_params(lambda params: params["train"].update(share=0.2))
    lender.build()
    answer = blame(RATIO)
    assert [of.factor for of in answer.factors] == ["params.train"]
    assert any("train.seed 0 → 5" in note for note in answer.notes)
    assert answer.verdict == "attributed"
    (figure,) = answer.figures
    assert figure.remainder != 0, "the seeds have a part of the move, which no factor gets"
    assert abs(figure.remainder) < figure.band
