"""Load a contract file: structure, open questions, roles, names and leaks, all findings at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_yaml
from credit.contract.contract import CONTRACT_FORMAT, Contract
from credit.contract.leakage import find_leaks
from credit.contract.outline.agreement import (
    find_bad_patterns,
    find_name_problems,
    find_role_problems,
    find_rule_problems,
    find_unused_sources,
)
from credit.contract.outline.open_questions import find_open_questions
from credit.contract.outline.parts import ContractOutline, list_parts, read_roles, read_valid_parts

_NEEDS_NEWER_CODE = "it needs newer code: update this checkout"


def load_contract(path: str | Path) -> Contract:
    """Load a contract file. Raises CreditError with every fault of its structure, its roles and its names."""
    outline = outline_contract(path)
    raise_if_any(outline.problems)
    return outline.contract


def outline_contract(path: str | Path) -> ContractOutline:
    """Read a contract file as far as it can be read, with all its faults. Raises CreditError when it is not YAML."""
    file = str(path)
    content = read_yaml(Path(path))
    if not isinstance(content, dict):
        raise CreditError(Problem(file, "no keys", "a contract"))
    form = content.get("contract_format")
    if isinstance(form, int) and form > CONTRACT_FORMAT:
        where = f"{file}: contract_format"
        raise CreditError(Problem(where, str(form), f"at most {CONTRACT_FORMAT}", _NEEDS_NEWER_CODE))
    questions = dict(find_open_questions(content))
    problems = [
        Problem(f"{file}: {key}", f"the open question {value!r}", "a person's answer")
        for key, value in questions.items()
    ]
    texts = {name: of for block in ("columns", "families") for name, of in list_parts(content, block)}
    contract = read_valid_parts(content, questions)
    bad_patterns = find_bad_patterns(contract, file)
    outline = ContractOutline(
        file=file,
        contract=contract.model_copy(
            update={"families": {name: of for name, of in contract.families.items() if name not in bad_patterns}}
        ),
        roles={name: read_roles(of) for name, of in texts.items()},
        texts=texts,
        has_rule=content.get("rule") is not None,
        problems=(),
    )
    problems += [p for p in _find_structure_problems(content, file) if not _is_asked(p, questions, file)]
    problems += [
        *find_name_problems(contract, file),
        *bad_patterns.values(),
        *find_role_problems(outline),
        *find_unused_sources(outline),
        *find_rule_problems(outline),
        *find_leaks(outline.contract, file),
    ]
    return outline._replace(problems=tuple(problems))


def _find_structure_problems(content: Mapping[str, Any], file: str) -> list[Problem]:
    try:
        Contract.model_validate(content)
    except ValidationError as error:
        return list_problems(error, file)
    return []


def _is_asked(problem: Problem, questions: Mapping[str, str], file: str) -> bool:
    """Tell whether a problem is about a part that has open questions: their answers may fix it."""
    where = problem.where.removeprefix(f"{file}: ").split(".")
    part = ".".join(where[:2] if where[0] in ("columns", "families") else where[:1])
    return any(key == part or key.startswith(f"{part}.") for key in questions)
