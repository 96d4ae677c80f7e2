"""Waivers: files in git by which a person lets a finding through, for one candidate and until a date.

A waiver that lifts a `fail` is signed by a second person too. One that has expired or that names nothing judged is an
error, so that no stale waiver stays in the folder.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self
from unicodedata import name as unicode_name
from unicodedata import normalize

from pydantic import Field, StringConstraints, ValidationError, model_validator

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_yaml
from credit.common.invalid_values import make_value_error
from credit.common.params import Params
from credit.fairness.policies import FairnessPolicy
from credit.reports.fairness import Finding

_SPELT = ("VOWEL SIGN", "THAI CHARACTER", "VOICED SOUND MARK")
"""Marks above, below or beside a letter that spell another name, unlike accents: मीना is not मनी."""

NonEmptyText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Waiver(Params):
    """Who lets which finding through, why, and until when (that day included)."""

    candidate: str
    attribute: str
    group: str
    measure: str
    who: NonEmptyText
    second: NonEmptyText | None = None
    """A second person, without whom no `fail` is lifted."""
    why: NonEmptyText
    until: date = Field(strict=True)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        if self.second is not None and fold_name(self.second) == fold_name(self.who):
            raise make_value_error(f"{self.second!r} twice", "another person than who")
        for name in filter(None, (self.who, self.second)):
            if len(scripts := _list_scripts(name)) > 1:
                found = f"{name!r}, with letters that are {' and '.join(scripts)}"
                one = "letters of one script: with two, one name can be written so that it looks like another person's"
                raise make_value_error(found, one)
        return self

    @property
    def signatures(self) -> str:
        """Who signs, in words."""
        return self.who if self.second is None else f"{self.who} and {self.second}"

    @property
    def finding(self) -> tuple[str, str, str]:
        """The finding that it is about: attribute, group and measure."""
        return self.attribute, self.group, self.measure


def fold_name(name: str) -> str:
    """Fold a name, so that the same one is the same however it is written: blanks, case, accents, full width."""
    folded = normalize("NFKD", normalize("NFKD", name).casefold())
    return "".join(one for one in folded if one.isalnum() or any(part in unicode_name(one, "") for part in _SPELT))


def _list_scripts(name: str) -> list[str]:
    """List the scripts of which letters look alike, as far as a name has letters of them."""
    found = {unicode_name(one, "").split(" ")[0].capitalize() for one in normalize("NFKC", name) if one.isalpha()}
    return sorted(found & {"Latin", "Cyrillic", "Greek"})


def load_waivers(folder: Path) -> dict[str, Waiver]:
    """Load every `*.yaml` of a folder, one waiver each, by file. Raises CreditError with all problems of all files."""
    waivers: dict[str, Waiver] = {}
    problems: list[Problem] = []
    for path in sorted(path for path in folder.glob("*") if path.name != "README.md"):
        if path.suffix != ".yaml":
            problems.append(Problem(str(path), "not a *.yaml file, so it is not read", fix="rename or remove it"))
            continue
        try:
            waivers[str(path)] = Waiver.model_validate(read_yaml(path))
        except CreditError as error:
            problems += error.problems
        except ValidationError as error:
            problems += list_problems(error, str(path))
    raise_if_any(problems)
    return waivers


def check_waivers(
    waivers: Mapping[str, Waiver],
    candidates: Collection[str],
    groups: Mapping[str, Collection[str]],
    policy: FairnessPolicy,
    today: date,
) -> None:
    """Raise CreditError with every waiver that names nothing that is judged, is a duplicate, or has expired.

    groups: what `credit.fairness.group_comparison.list_judged_groups` gives.
    """
    raise_if_any(find_waiver_problems(waivers, candidates, groups, policy, today))


def find_waiver_problems(
    waivers: Mapping[str, Waiver],
    candidates: Collection[str],
    groups: Mapping[str, Collection[str]],
    policy: FairnessPolicy,
    today: date,
) -> list[Problem]:
    """Find what `check_waivers` refuses."""
    unmatched = find_unmatched(waivers, candidates, groups, policy)
    return [*unmatched, *find_duplicates(waivers), *find_expired(waivers, today)]


def find_unmatched(
    waivers: Mapping[str, Waiver],
    candidates: Collection[str],
    groups: Mapping[str, Collection[str]],
    policy: FairnessPolicy,
) -> list[Problem]:
    """Find every name in a waiver that nothing judged has. No waiver is needed for a reference group."""
    measures = [name for name, limit in policy.limits.items() if limit.gated]
    problems = []
    for file, waiver in waivers.items():
        known: dict[str, Collection[str]] = {
            "candidate": candidates,
            "attribute": groups,
            "group": groups.get(waiver.attribute, [waiver.group]),
            "measure": measures,
        }
        for key, names in known.items():
            if (value := getattr(waiver, key)) not in names:
                where, fix = f"{file}: {key}", "remove the waiver"
                problems.append(
                    Problem(where, value, f"one of {', '.join(names)}")
                    if names
                    else Problem(where, f"the policy gates no {key}, so {value} needs no waiver", fix=fix)
                )
    return problems


def find_duplicates(waivers: Mapping[str, Waiver]) -> list[Problem]:
    """Find every waiver of a finding that an earlier file names too."""
    first: dict[tuple[str, ...], str] = {}
    problems = []
    for file, waiver in waivers.items():
        other = first.setdefault((waiver.candidate, *waiver.finding), file)
        if other != file:
            problems.append(Problem(file, f"the same finding as in {other}", "one waiver per finding"))
    return problems


def draft_waiver(candidate: str, finding: Finding) -> str:
    """Draft the file that would let a finding through, without what only people can say: who, why, until when."""
    import yaml

    names = {"candidate": candidate} | finding.model_dump(include={"attribute", "group", "measure"})
    second = "second:\n" if finding.verdict == "fail" else ""
    return f"{yaml.safe_dump(names, sort_keys=False, allow_unicode=True)}who:\n{second}why:\nuntil:\n"


def find_expired(waivers: Mapping[str, Waiver], today: date) -> list[Problem]:
    """Find every waiver whose day is past. DVC sees no clock, so `make repro` and `release check` ask each time."""
    fix = "renew it or remove the file, then dvc repro"
    return [
        Problem(f"{file}: until", f"{waiver.until}, which is past", "a later day", fix)
        for file, waiver in waivers.items()
        if waiver.until < today
    ]


def find_overlong(waivers: Mapping[str, Waiver], today: date, longest: int) -> list[Problem]:
    """Find every waiver that ends later than `longest` days from today: nobody signs for what comes after that."""
    last = today + timedelta(days=longest)
    return [
        Problem(f"{file}: until", str(waiver.until), f"{last} at the latest", "fairness.waivers.longest says how long")
        for file, waiver in waivers.items()
        if waiver.until > last
    ]
