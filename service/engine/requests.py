"""Parse the bodies of requests by the contract of the version that answers them, and of those that it stands beside.

A client is written for one version, and another may be live when it asks: what any published version takes is taken,
field by field, logged, and fitted to the version that decides (`service.engine.application_fit`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, WithJsonSchema, with_config
from typing_extensions import TypedDict

from credit.bundle.bundle import Bundle
from credit.bundle.request_fields import RequestFields, list_request_fields
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from service.engine.application_fit import FieldVariant
from service.engine.field_types import PROTECTED_VALUES, build_field_type, build_protected_type, describe_values
from service.engine.request_errors import UNKNOWN_FIELD, describe_error, format_value

Values = dict[str, Any]

_STRICT_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_OPEN_CONFIG: ConfigDict = {**_STRICT_CONFIG, "extra": "allow"}
_MAX_PROBLEMS = 100  # that an answer lists: listing all could take longer than a thousand decisions


class ApplicationRequest(NamedTuple):
    """One application to decide: its values, and protected attributes, which are logged and never scored."""

    application: Values
    protected: Values


class FamilyMembers(NamedTuple):
    """The columns of one family that no version reads by name."""

    pattern: re.Pattern[str]
    kind: TypeAdapter[Any]
    expected: str


@dataclass(frozen=True)
class RequestParser:
    """The requests that are accepted: one application, or a batch of them.

    `expected`: words for the values of each field. `optional`: needed fields of the version that others do without;
    `contested`: fields of the version of which others take other values.
    """

    one: TypeAdapter[Any]
    batch: TypeAdapter[Any]
    expected: Mapping[str, str]
    protected: Mapping[str, Column]
    codes: Mapping[str, frozenset[Scalar]]
    families: tuple[FamilyMembers, ...]
    optional: frozenset[str]
    contested: frozenset[str]

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
            errors = _merge_types(error.errors(include_url=False))
            problems = [self._explain_error(one) for one in errors[:_MAX_PROBLEMS]]
            raise CreditError(_append_remaining_count(problems, len(errors))) from None

    def _check_application(self, application: Values, where: str) -> list[Problem]:
        """Check beyond the types: codes for missing values that look like amounts, and columns known by a pattern."""
        problems = [
            Problem(
                f"{where}.{name}",
                f"{application[name]}, a code for missing",
                self.expected[name],
            )
            for name, codes in self.codes.items()
            if application.get(name) in codes
        ]
        if self.families:
            others = [name for name in application if name not in self.expected]
            problems += [p for name in others for p in self._check_member(name, application[name], where)]
        return problems

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
            return [Problem(f"{where}.{name}", format_value(value), expected)]
        return [Problem(f"{where}.{name}", *UNKNOWN_FIELD)]

    def _explain_error(self, error: Any) -> Problem:
        if "protected" in error["loc"]:
            return describe_error(error, PROTECTED_VALUES if error["loc"][-1] in self.protected else None)
        named = [name for name in error["loc"] if name in self.expected]
        return describe_error(error, self.expected[named[-1]] if named else None)


def build_request_parser(bundle: Bundle, largest_batch: int, others: Sequence[RequestFields] = ()) -> RequestParser:
    """Build the parser of a version: its fields and the contract's protected ones, and those of `others`."""
    own = list_request_fields(bundle)
    versions = [own, *others]
    variants = {name: _list_variants(name, versions) for name in _list_names([one.columns for one in versions])}
    needed = frozenset.intersection(*(one.needed for one in versions))
    kinds = {name: _build_type(columns) for name, columns in variants.items()}
    fields = {name: kind if name in needed else NotRequired[kind] for name, kind in kinds.items()}
    members = {one.pattern: one.describe_member() for version in reversed(versions) for one in version.families}
    application = _build_object_type("Application", fields, _OPEN_CONFIG if members else _STRICT_CONFIG)
    protected = {name: one.protected[name] for one in reversed(versions) for name in one.protected}
    disclosed = _build_object_type(
        "ProtectedAttributes", {name: NotRequired[build_protected_type(c)] for name, c in protected.items()}
    )
    purpose = "Logged to monitor unequal treatment, and never scored"
    disclosed = Annotated[disclosed, Field(description=purpose)]
    one = _build_object_type("DecisionRequest", {"application": application, "protected": NotRequired[disclosed]})
    several = Annotated[list[one], Field(min_length=1, max_length=largest_batch)]  # type: ignore[valid-type]
    return RequestParser(
        one=TypeAdapter(one),
        batch=TypeAdapter(_build_object_type("BatchRequest", {"applications": several})),
        expected={name: _describe_variants(columns) for name, columns in variants.items()},
        protected=protected,
        codes={
            name: frozenset(columns[0].missing_codes)
            for name, columns in variants.items()
            if len(columns) == 1 and columns[0].missing_codes
        },
        families=tuple(
            FamilyMembers(re.compile(pattern), TypeAdapter(build_field_type(one)), describe_values(one))
            for pattern, one in members.items()
        ),
        optional=own.needed - needed,
        contested=frozenset(name for name in own.columns if len(variants[name]) > 1),
    )


def _list_names(mappings: Sequence[Mapping[str, Column]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _list_variants(name: str, versions: Sequence[RequestFields]) -> list[Column]:
    """List the descriptions of a field that accept different values, that of the version itself first."""
    found = [column for one in versions if (column := one.find_column(name)) is not None]
    distinct = {
        (c.type, c.allowed, c.fold, c.new_levels, c.range, c.missing, c.missing_codes): c for c in reversed(found)
    }
    return list(reversed(distinct.values()))


def _build_type(columns: Sequence[Column]) -> Any:
    """Build the type of a field; where versions differ, a value that any of them accepts is accepted."""
    kinds = [build_field_type(column) for column in columns]
    if len(kinds) == 1:
        return kinds[0]
    variants = [FieldVariant(column) for column in columns]

    def parse_by_any(value: Any) -> Any:
        for variant in variants:
            if variant.accepts(value):
                return variant.parse(value)
        raise ValueError(value)

    schema = {"anyOf": [TypeAdapter(kind).json_schema() for kind in kinds], "description": columns[0].description}
    return Annotated[Any, AfterValidator(parse_by_any), WithJsonSchema(schema)]


def _describe_variants(columns: Sequence[Column]) -> str:
    return "; or ".join(dict.fromkeys(map(describe_values, columns)))


def _merge_types(errors: Sequence[Any]) -> list[Any]:
    """Keep one error of each protected value: pydantic has one for each type that it may have, and names the type."""
    merged: list[Any] = []
    for error in errors:
        where = error["loc"]
        if "protected" in where:
            where = where[: where.index("protected") + 2]
            if merged and merged[-1]["loc"] == where:
                continue
            error["loc"] = where
        merged.append(error)
    return merged


def _raise_problems(problems: list[Problem]) -> None:
    raise_if_any(_append_remaining_count(problems[:_MAX_PROBLEMS], len(problems)))


def _append_remaining_count(problems: list[Problem], total: int) -> list[Problem]:
    """Append how many more problems there are than are listed."""
    rest = total - len(problems)
    return [*problems, Problem("the body", f"{rest:,} more problems")] if rest else problems


def _build_object_type(name: str, fields: dict[str, Any], config: ConfigDict = _STRICT_CONFIG) -> Any:
    made = TypedDict(name, fields)  # type: ignore[misc]  # the names are those of a contract
    return with_config(config)(made)
