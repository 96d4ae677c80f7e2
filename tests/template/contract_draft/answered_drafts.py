"""A contract drafted from a file, with every question answered by its proposal, as Enter does on a terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_draft.draft import Survey, survey_file
from contract_draft.questions.answers import NO_ANSWERS
from testing.lenders.studies import STUDIES, write_study


def answer_draft(survey: Survey, name: str, given: Mapping[str, Any]) -> str:
    """Answer the questions of a draft, the given answers first; return the text of the contract."""
    answers = NO_ANSWERS
    for section, answer in given.items():
        answers = answers.add(section, answer if isinstance(answer, dict) else {"": answer})
    draft = survey.draft(name, answers)
    while draft.questions:
        first = draft.questions[0]
        answers = answers.add(first.section, dict(zip(first.columns, first.proposals, strict=True)))
        draft = survey.draft(name, answers)
    return draft.text


def draft_study(project: Path, name: str, rows: int) -> Path:
    """Write the file of a study and its answered contract into a project; return the contract's path."""
    contract = project / f"data/contracts/{name}.yaml"
    with survey_file(write_study(project / "data/raw", name, rows)) as survey:
        contract.write_text(answer_draft(survey, name, STUDIES[name].given), encoding="utf-8")
    return contract
