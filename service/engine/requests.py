"""Parse the bodies of requests by the contract of the version that answers them, and of those that it stands beside.

A client is written for one version, and another may be live when it asks: what any published version takes is taken,
field by field, logged, and fitted to the version that decides (`credit.bundle.application_fit`).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from credit.bundle.field_types import PROTECTED_VALUES
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from service.engine.body_limits import count_keys, require_few_values, require_unique_keys
from service.engine.request_errors import UNKNOWN_FIELD, describe_error, format_value, shorten

Values = dict[str, Any]

_MAX_PROBLEMS = 100
"""Problems that an answer lists. No more are looked for: all of a body could take longer than a thousand decisions."""

_SPARE_VALUES = 1_000
"""Values that a body may have beyond the fields of its applications, so that unknown ones are named."""

_MEMBER_BYTES = 13
"""Bytes that a member of a family takes at least, of which an application may have any number."""

_LARGE_BYTES = 8_000
"""Bytes beyond which one application is read before it is checked: pydantic makes an error of each unknown field and,
as it reads, a copy of the whole object for each field that this lacks."""

_ENVELOPE_FIELDS, _REQUEST_FIELDS = frozenset({"applications"}), frozenset({"application", "protected", "applicant"})


class ApplicationRequest(NamedTuple):
    """One application to decide: its values, and those that are logged and never scored.

    `protected`: protected attributes. `applicant`: the lender's reference of the person; in the log, its HMAC.
    `language`: of its reasons; None: the contract's.
    """

    application: Values
    protected: Values
    applicant: str | None = None
    language: str | None = None


_MORE_PROBLEMS = Problem("the body", f"more than {_MAX_PROBLEMS} problems; the rest was not looked at")


class FamilyMembers(NamedTuple):
    """The columns of one family that no version reads by name."""

    pattern: re.Pattern[str]
    kind: TypeAdapter[Any]
    expected: str


@dataclass(frozen=True, eq=False)
class RequestParser:
    """The requests that are accepted: one application, or a batch of them. Equal to itself alone, and so hashed fast.

    `expected`: words for the values of each field. `optional`: needed fields of the version that others do without;
    `contested`: fields of the version of which others take other values. `envelope`: a batch, its applications unread.
    """

    one: TypeAdapter[Any]
    batch: TypeAdapter[Any]
    envelope: TypeAdapter[Any]
    largest_batch: int
    expected: Mapping[str, str]
    protected: Mapping[str, Column]
    codes: Mapping[str, frozenset[Scalar]]
    families: tuple[FamilyMembers, ...]
    optional: frozenset[str]
    contested: frozenset[str]

    def parse(self, body: bytes, language: str | None = None) -> ApplicationRequest:
        """Parse one application, with the language of its reasons.

        Raises CreditError with the first fields that the contract does not allow.
        """
        self._require_few_values(body, 1)
        if len(body) > _LARGE_BYTES:
            return self._parse_large(body, language)
        try:
            content = self.one.validate_json(body)
        except ValidationError as error:
            raise CreditError(_take_first(self._explain_errors(error))) from None
        keys = len(content) + len(content["application"]) + len(content.get("protected", ()))
        require_unique_keys(body, keys)
        _raise_first(self._check_application(content["application"], "application"))
        return _build_request(content, language)

    def parse_batch(self, body: bytes, language: str | None = None) -> list[ApplicationRequest]:
        """Parse several applications, with the language of their reasons.

        Raises CreditError with the first fields that the contract does not allow. For a thread beside the loop: others
        get their turn between two applications.
        """
        self._require_few_values(body, self.largest_batch)
        listed = self._open_envelope(body)
        found: list[Problem] = []
        requests: list[ApplicationRequest] = []
        for place, one in enumerate(listed):
            listed[place] = None  # so that never all of them are here twice
            try:
                requests.append(self._parse_member(one, f"applications.{place}.", language))
            except CreditError as error:
                found += error.problems
                if len(found) >= _MAX_PROBLEMS:
                    raise CreditError([*found[:_MAX_PROBLEMS], _MORE_PROBLEMS]) from None
        raise_if_any(found)
        return requests

    def build_json_schema(self, body: Literal["one", "batch"], reference: str) -> dict[str, Any]:
        """Build the JSON schema of a body, with its parts in `$defs`, to which `reference` refers."""
        content: dict[str, Any] = getattr(self, body).json_schema(ref_template=reference)
        if self.families:
            members = {f"^(?:{one.pattern.pattern})$": one.kind.json_schema() for one in self.families}
            content["$defs"]["Application"] |= {"patternProperties": members, "additionalProperties": False}
        return content

    def _require_few_values(self, body: bytes, applications: int) -> None:
        fields = len(self.expected) + len(self.protected) + len(_REQUEST_FIELDS)
        members = len(body) // _MEMBER_BYTES if self.families else 0
        require_few_values(body, applications * fields + members + _SPARE_VALUES)

    def _open_envelope(self, body: bytes) -> list[Any]:
        try:
            content = from_json(body)
            _raise_first(_list_unknown("", content, _ENVELOPE_FIELDS))
            opened: list[Any] = self.envelope.validate_python(content)["applications"]
            require_unique_keys(body, count_keys(content))
        except ValidationError as error:
            raise CreditError(list(map(describe_error, error.errors(include_url=False)))) from None
        except ValueError as error:
            raise CreditError(Problem("the body", str(error), "JSON")) from None
        return opened

    def _parse_large(self, body: bytes, language: str | None) -> ApplicationRequest:
        """Parse one application as those of a batch are parsed. Raises CreditError."""
        try:
            content = from_json(body)
        except ValueError as error:
            raise CreditError(Problem("the body", str(error), "JSON")) from None
        parsed = self._parse_member(content, "", language)
        require_unique_keys(body, count_keys(content))
        return parsed

    def _parse_member(self, content: Any, place: str, language: str | None) -> ApplicationRequest:
        """Parse one application of JSON that was read. Raises CreditError."""
        parts = content if isinstance(content, dict) else {}
        _raise_first(_list_unknown(place, parts, _REQUEST_FIELDS))
        _raise_first(_list_unknown(f"{place}protected.", parts.get("protected"), self.protected))
        if not self.families:
            _raise_first(_list_unknown(f"{place}application.", parts.get("application"), self.expected))
        try:
            checked = self.one.validate_python(content)
        except ValidationError as error:
            problems = (one._replace(where=f"{place}{one.where}") for one in self._explain_errors(error))
            raise CreditError(_take_first(problems)) from None
        _raise_first(self._check_application(checked["application"], f"{place}application"))
        return _build_request(checked, language)

    def _check_application(self, application: Values, where: str) -> Iterator[Problem]:
        """Check beyond the types: codes for missing values that look like amounts, and columns known by a pattern."""
        for name, codes in self.codes.items():
            if application.get(name) in codes:
                yield Problem(f"{where}.{name}", f"{application[name]}, a code for missing", self.expected[name])
        if self.families:
            others = (name for name in application if name not in self.expected)
            for name in others:
                yield from self._check_member(name, application[name], where)

    def _check_member(self, name: str, value: Any, where: str) -> list[Problem]:
        """Check a member of a family, which may be of several versions."""
        expected = ""
        for family in self.families:
            if family.pattern.fullmatch(name):
                try:
                    family.kind.validate_python(value)
                except ValidationError:
                    expected = expected or family.expected
                else:
                    return []
        if expected:
            return [Problem(f"{where}.{shorten(name)}", format_value(value), expected)]
        return [Problem(f"{where}.{shorten(name)}", *UNKNOWN_FIELD)]

    def _explain_errors(self, error: ValidationError) -> Iterator[Problem]:
        """Explain the errors of one application, those once that are told of each type that a value may have."""
        told: set[Problem] = set()
        for one in error.errors(include_url=False):
            if (problem := self._explain_error(one)) not in told:
                told.add(problem)
                yield problem

    def _explain_error(self, error: Any) -> Problem:
        if "protected" in error["loc"]:
            attribute = error["loc"].index("protected") + 2  # behind it are the types that it may have
            error = {**error, "loc": error["loc"][:attribute]}
            return describe_error(error, PROTECTED_VALUES if error["loc"][-1] in self.protected else None)
        named = [name for name in error["loc"] if name in self.expected]
        return describe_error(error, self.expected[named[-1]] if named else None)


def _list_unknown(place: str, content: Any, known: Collection[str]) -> Iterator[Problem]:
    """List unknown fields of an object that has more fields than there are: pydantic would make an error of each."""
    if isinstance(content, dict) and len(content) > len(known):
        yield from (Problem(f"{place}{shorten(name)}", *UNKNOWN_FIELD) for name in content if name not in known)


def _build_request(content: Values, language: str | None) -> ApplicationRequest:
    return ApplicationRequest(content["application"], content.get("protected", {}), content.get("applicant"), language)


def _raise_first(problems: Iterable[Problem]) -> None:
    """Raise the first problems, if there is any, and look for no more."""
    raise_if_any(_take_first(problems))


def _take_first(problems: Iterable[Problem]) -> list[Problem]:
    """Take the first problems, and say that there are more."""
    found = list(islice(problems, _MAX_PROBLEMS + 1))
    return found if len(found) <= _MAX_PROBLEMS else [*found[:_MAX_PROBLEMS], _MORE_PROBLEMS]
