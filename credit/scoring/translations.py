"""Reasons in other languages: a file for each beside the contract, with the words of every feature and of the rule.

`data/contracts/reasons/<contract>.<language>.yaml` has the keys of the contract that are told to applicants, and no
other: `columns`, `families` and `rule`, each with `reason` and `reason_if_missing`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_yaml
from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.completeness import has_words
from credit.contract.frozen_model import FrozenModel
from credit.contract.levels import SideReasons

FOLDER = "reasons"
"""Beside the contracts."""

_FIX = "write them, or remove the file: then nobody is told reasons in this language"

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_Column = TypeVar("_Column", bound=Column)


class TranslatedWords(FrozenModel):
    """The words of one column, family or rule."""

    reason: str | SideReasons | None = None
    reason_if_missing: str | None = None


class Translation(FrozenModel):
    """The words of a contract in another language."""

    columns: dict[str, TranslatedWords] = Field(default_factory=dict)
    families: dict[str, TranslatedWords] = Field(default_factory=dict)
    rule: TranslatedWords | None = None


def list_translations(contract_file: Path) -> dict[str, Path]:
    """List the files with the words of a contract, by language. Raises CreditError for a name without a language."""
    files = sorted((contract_file.parent / FOLDER).glob(f"{contract_file.stem}.*.yaml"))
    found = {path.stem.removeprefix(f"{contract_file.stem}."): path for path in files}
    raise_if_any([_describe_bad_name(path) for name, path in found.items() if not _LANGUAGE.fullmatch(name)])
    return found


def _describe_bad_name(path: Path) -> Problem:
    return Problem(str(path), "a name without a language", "<contract>.<language>.yaml, such as loanapp.es.yaml")


def translate_contract(contract: Contract, path: Path) -> Contract:
    """Replace the words of a contract by those of a file. Raises CreditError with everything that is wrong with it."""
    try:
        translation = Translation.model_validate(read_yaml(path) or {})
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    raise_if_any([*_find_unknown(contract, translation, str(path)), *_find_gaps(contract, translation, str(path))])
    columns = _translate_each(contract.columns, translation.columns, f"{path}: columns")
    families = _translate_each(contract.families, translation.families, f"{path}: families")
    rule = contract.rule
    if rule is not None and translation.rule is not None:
        rule = rule.model_copy(update=translation.rule.model_dump())
    return contract.model_copy(update={"columns": columns, "families": families, "rule": rule})


def _find_unknown(contract: Contract, translation: Translation, file: str) -> Iterator[Problem]:
    """Find words of columns that nobody is told about."""
    told = "a feature of the contract"
    yield from (Problem(f"{file}: columns.{n}", "words", told) for n in translation.columns.keys() - contract.features)
    families = {name for name, family in contract.families.items() if family.role == "feature"}
    yield from (Problem(f"{file}: families.{n}", "words", told) for n in translation.families.keys() - families)
    if translation.rule is not None and not (contract.rule and contract.rule.reason):
        yield Problem(f"{file}: rule", "words", "none: the rule of the contract has none of its own")


def _find_gaps(contract: Contract, translation: Translation, file: str) -> Iterator[Problem]:
    """Find each text that the contract has and the file lacks, or that is an open question."""
    parts: dict[str, tuple[Any, TranslatedWords | None]] = {
        **{f"columns.{name}": (column, translation.columns.get(name)) for name, column in contract.features.items()},
        **{
            f"families.{name}": (family, translation.families.get(name))
            for name, family in contract.families.items()
            if family.role == "feature"
        },
    }
    for key, (column, words) in parts.items():
        needed = ["reason", *(["reason_if_missing"] if column.missing == "allowed" else [])]
        gaps = [of for of in needed if _lacks(words, of)]
        yield from (Problem(f"{file}: {key}.{of}", "no words", "the words", _FIX) for of in gaps)
    if contract.rule is not None and contract.rule.reason:
        needed = ["reason", *(["reason_if_missing"] if contract.rule.reason_if_missing else [])]
        gaps = [of for of in needed if _lacks(translation.rule, of)]
        yield from (Problem(f"{file}: rule.{of}", "no words", "the words", _FIX) for of in gaps)


def _lacks(words: TranslatedWords | None, key: str) -> bool:
    text = getattr(words, key, None)
    texts = text.model_dump(exclude_none=True).values() if isinstance(text, SideReasons) else [text]
    return not has_words(text) or any(str(one).startswith("?") for one in texts)


def _translate_each(
    columns: Mapping[str, _Column], words: Mapping[str, TranslatedWords], where: str
) -> dict[str, _Column]:
    """Replace the words of columns. Raises CreditError for sides that a column does not have."""
    translated, problems = dict(columns), []
    for name, own in words.items():
        column = columns[name]
        try:
            content = column.model_dump() | own.model_dump(exclude_none=True)
            translated[name] = type(column).model_validate(content)
        except ValidationError as error:
            problems += [problem._replace(where=f"{where}.{name}") for problem in list_problems(error, where)]
    raise_if_any(problems)
    return translated


def find_translation_problems(contract: Contract, contract_file: Path) -> list[Problem]:
    """Find everything that is wrong with the words of a contract in other languages, and files of no contract."""
    folder, problems = contract_file.parent / FOLDER, []
    contracts = [path.stem for path in contract_file.parent.glob("*.yaml")]
    for path in sorted(folder.glob("*.yaml")):
        if not any(path.name.startswith(f"{name}.") for name in contracts):
            known = ", ".join(sorted(contracts))
            problems.append(Problem(str(path), "words of no contract", f"a name that begins with one of {known}"))
    try:
        for path in list_translations(contract_file).values():
            try:
                translate_contract(contract, path)
            except CreditError as error:
                problems += error.problems
    except CreditError as error:
        problems += error.problems
    return problems
