"""Parse the bodies of requests by the contract of the version that answers them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from credit.bundle.bundle import Bundle
from credit.bundle.request_fields import list_request_columns
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from service.engine.field_types import build_field_type, build_protected_type, describe_values
from service.engine.request_errors import UNKNOWN_FIELD, describe_error, format_value

Values = dict[str, Any]

_STRICT_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_OPEN_CONFIG: ConfigDict = {**_STRICT_CONFIG, "extra": "allow"}
_MAX_PROBLEMS = 100  # that an answer lists: listing all could take longer than a thousand decisions


class ApplicationRequest(NamedTuple):
    """One application to decide: its values, and protected attributes, which are logged and never scored.

    `language`: of its reasons; None: the contract's.
    """

    application: Values
    protected: Values
    language: str | None = None


class FamilyMembers(NamedTuple):
    """The columns of one family that the version does not read."""

    pattern: re.Pattern[str]
    kind: TypeAdapter[Any]
    expected: str


@dataclass(frozen=True)
class RequestParser:
    """The requests that a version accepts: one application, or a batch of them."""

    one: TypeAdapter[Any]
    batch: TypeAdapter[Any]
    columns: Mapping[str, Column]
    protected: Mapping[str, Column]
    codes: Mapping[str, frozenset[Scalar]]
    families: tuple[FamilyMembers, ...]

    def parse(self, body: bytes) -> ApplicationRequest:
        """Parse one application. Raises CreditError with every field that the contract does not allow."""
        content = self._validate_body(self.one, body)
        _raise_problems(self._check_application(content["application"], "application"))
        return ApplicationRequest(content["application"], content.get("protected", {}))

    def parse_batch(self, body: bytes) -> list[ApplicationRequest]:
        """Parse several applications. Raises CreditError with every field that the contract does not allow."""
        listed = self._validate_body(self.batch, body)["applications"]
        where = "applications.{}.application"
        _raise_problems(
            [p for i, one in enumerate(listed) for p in self._check_application(one["application"], where.format(i))]
        )
        return [ApplicationRequest(one["application"], one.get("protected", {})) for one in listed]

    def build_json_schema(self, body: Literal["one", "batch"], reference: str) -> dict[str, Any]:
        """Build the JSON schema of a body, with its parts in `$defs`, to which `reference` refers."""
        content: dict[str, Any] = getattr(self, body).json_schema(ref_template=reference)
        if self.families:
            members = {f"^(?:{one.pattern.pattern})$": one.kind.json_schema() for one in self.families}
            content["$defs"]["Application"] |= {"patternProperties": members, "additionalProperties": False}
        return content

    def _validate_body(self, kind: TypeAdapter[Any], body: bytes) -> Any:
        try:
            return kind.validate_json(body)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems = [self._explain_error(one) for one in errors[:_MAX_PROBLEMS]]
            raise CreditError(_append_remaining_count(problems, len(errors))) from None

    def _check_application(self, application: Values, where: str) -> list[Problem]:
        """Check beyond the types: codes for missing values that look like amounts, and columns known by a pattern."""
        problems = [
            Problem(
                f"{where}.{name}",
                f"{application[name]}, a code for missing",
                describe_values(self.columns[name]),
            )
            for name, codes in self.codes.items()
            if application.get(name) in codes
        ]
        if self.families:
            others = [name for name in application if name not in self.columns]
            problems += [p for name in others for p in self._check_member(name, application[name], where)]
        return problems

    def _check_member(self, name: str, value: Any, where: str) -> list[Problem]:
        for pattern, kind, expected in self.families:
            if pattern.fullmatch(name):
                try:
                    kind.validate_python(value)
                except ValidationError:
                    return [Problem(f"{where}.{name}", format_value(value), expected)]
                return []
        return [Problem(f"{where}.{name}", *UNKNOWN_FIELD)]

    def _explain_error(self, error: Any) -> Problem:
        columns = self.protected if "protected" in error["loc"] else self.columns
        named = [name for name in error["loc"] if name in columns]
        return describe_error(error, describe_values(columns[named[-1]]) if named else None)


def build_request_parser(bundle: Bundle, largest_batch: int) -> RequestParser:
    """Build the parser of a version: the columns that requests may have, and the contract's protected ones."""
    contract, needed, columns = bundle.contract, set(bundle.inputs), list_request_columns(bundle)
    types = {name: build_field_type(column) for name, column in columns.items()}
    fields = {name: kind if name in needed else NotRequired[kind] for name, kind in types.items()}
    members = [
        (re.compile(one.pattern), one.describe_member()) for one in bundle.families.values() if one.role == "feature"
    ]
    application = _build_object_type("Application", fields, _OPEN_CONFIG if members else _STRICT_CONFIG)
    disclosed = _build_object_type(
        "ProtectedAttributes", {name: NotRequired[build_protected_type(c)] for name, c in contract.protected.items()}
    )
    purpose = "Logged to monitor unequal treatment, and never scored"
    disclosed = Annotated[disclosed, Field(description=purpose)]
    one = _build_object_type("DecisionRequest", {"application": application, "protected": NotRequired[disclosed]})
    several = Annotated[list[one], Field(min_length=1, max_length=largest_batch)]  # type: ignore[valid-type]
    return RequestParser(
        one=TypeAdapter(one),
        batch=TypeAdapter(_build_object_type("BatchRequest", {"applications": several})),
        columns=columns,
        protected=contract.protected,
        codes={name: frozenset(column.missing_codes) for name, column in columns.items() if column.missing_codes},
        families=tuple(
            FamilyMembers(pattern, TypeAdapter(build_field_type(one)), describe_values(one)) for pattern, one in members
        ),
    )


def _raise_problems(problems: list[Problem]) -> None:
    raise_if_any(_append_remaining_count(problems[:_MAX_PROBLEMS], len(problems)))


def _append_remaining_count(problems: list[Problem], total: int) -> list[Problem]:
    """Append how many more problems there are than are listed."""
    rest = total - len(problems)
    return [*problems, Problem("the body", f"{rest:,} more problems")] if rest else problems


def _build_object_type(name: str, fields: dict[str, Any], config: ConfigDict = _STRICT_CONFIG) -> Any:
    made = TypedDict(name, fields)  # type: ignore[misc]  # the names are those of a contract
    return with_config(config)(made)
