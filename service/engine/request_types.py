"""Build the parser of a version's requests: its fields, and those of the versions that it stands beside."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from credit.bundle.application_fit import FieldVariant
from credit.bundle.bundle import Bundle
from credit.bundle.field_types import build_field_type, build_protected_type, describe_values
from credit.bundle.request_fields import RequestFields, list_request_fields
from credit.contract.columns import Column
from service.engine.requests import FamilyMembers, RequestParser

_STRICT_CONFIG = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_OPEN_CONFIG: ConfigDict = {**_STRICT_CONFIG, "extra": "allow"}

_APPLICANT = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="The lender's reference of the person, kept as a hash: by it their decisions are found",
    ),
]


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
    one = _build_object_type(
        "DecisionRequest",
        {"application": application, "protected": NotRequired[disclosed], "applicant": NotRequired[_APPLICANT]},
    )
    several = Annotated[list[one], Field(min_length=1, max_length=largest_batch)]  # type: ignore[valid-type]
    unread = Annotated[list[Any], Field(min_length=1, max_length=largest_batch)]
    return RequestParser(
        one=TypeAdapter(one),
        batch=TypeAdapter(_build_object_type("BatchRequest", {"applications": several})),
        envelope=TypeAdapter(_build_object_type("BatchEnvelope", {"applications": unread})),
        largest_batch=largest_batch,
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


def _build_object_type(name: str, fields: dict[str, Any], config: ConfigDict = _STRICT_CONFIG) -> Any:
    made = TypedDict(name, fields)  # type: ignore[misc]  # the names are those of a contract
    return with_config(config)(made)
