"""The questions of copier.yml and their answers: from a file, from those given before, or asked on a terminal."""

from pathlib import Path
from typing import Any

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import read_yaml
from release.repository.git import run_git

ANSWERS_FILE = ".copier-answers.yml"
QUESTIONS_FILE = "copier.yml"


def read_answers(path: Path) -> dict[str, Any]:
    """Read a file of answers. Raises CreditError, with all of its unknown keys: copier would take no notice of them."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise CreditError(Problem(str(path), "no answers", "lines such as `store: s3://models`"))
    questions = list_questions(path)
    known = ", ".join(questions)
    raise_if_any(
        [Problem(f"{path}: {key}", "no such question", f"one of {known}") for key in content if key not in questions]
    )
    return content


def list_questions(asking: Path) -> list[str]:
    """List the names of the questions: of the template, and in a project of what it has answered."""
    source = Path(QUESTIONS_FILE) if Path(QUESTIONS_FILE).exists() else Path(ANSWERS_FILE)
    if not source.exists():
        raise CreditError(Problem(str(asking), f"neither {QUESTIONS_FILE} nor {ANSWERS_FILE} here", "one of them"))
    return [name for name in read_yaml(source) if not name.startswith("_")]


def read_origin() -> dict[str, str]:
    """Read what a project was made of: `_commit`, the version of the template, and `_src_path`, its address."""
    content = read_yaml(Path(ANSWERS_FILE))
    found = {key: content.get(key) for key in ("_commit", "_src_path")} if isinstance(content, dict) else {}
    if not all(isinstance(value, str) and value for value in found.values()) or not found:
        fix = "take the file back from git, or copier copy anew"
        raise CreditError(Problem(ANSWERS_FILE, "no _commit or no _src_path", "both", fix))
    return {key: str(value) for key, value in found.items()}


def refuse_renaming(before: str, after: str | None) -> None:
    """Raise CreditError when versions have tags of the name before: under another one they would be none."""
    if after is None or after == before or not run_git("tag", "--list", f"{before}@*"):
        return
    fix = "keep the name, or delete the tags of a tour: docs/operating.md, Forget the tour"
    raise CreditError(Problem("model_name", after, f"{before}, by which there are versions", fix))
