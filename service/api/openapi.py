"""Document the API, with the request bodies and examples of the live version."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from credit.bundle.field_types import build_field_type
from service.access.roles import KEYLESS_PATHS, find_role
from service.api.log.outcomes import OutcomeReport
from service.api.responses import Refusal
from service.engine.live_version import LiveVersion

_REFERENCE_TEMPLATE = "#/components/schemas/{model}"

_REFUSAL_CONTENT = {"application/problem+json": {"schema": {"$ref": _REFERENCE_TEMPLATE.format(model="Refusal")}}}
"""The content of every refusal."""

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": _REFUSAL_CONTENT}
    for status, description in {
        401: "No valid API key",
        403: "The API key lacks the role",
        409: "The idempotency key belongs to another request, a review overrides a decision without a reason, or an "
        "outcome was observed before its decision or is yet to come",
        408: "The request took too long to arrive",
        413: "The body is too large",
        415: "The body is not JSON",
        421: "The request names a host that the service does not answer for",
        429: "The caller has too many requests at a time",
        422: "Values that the contract does not allow, or a malformed request",
        503: "No version is live, or the decision log does not answer",
    }.items()
}
READ_REFUSALS: dict[int | str, dict[str, Any]] = {status: REFUSALS[status] for status in (401, 403, 421, 422, 429, 503)}
NOT_FOUND_REFUSAL: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such decision", "content": _REFUSAL_CONTENT}
}

_BODY_KINDS: dict[str, Literal["one", "batch"]] = {"/v1/decisions": "one", "/v1/decisions/batch": "batch"}


def describe_api(app: FastAPI) -> dict[str, Any]:
    """Describe the API of the live version in OpenAPI, as it is by the settings of now.

    Built once for both, as every request waits meanwhile.
    """
    serving: LiveVersion | None = app.state.parts.follower.serving
    settings = app.state.parts.settings
    made = getattr(app.state, "documented", None)
    if made is None or made[0] is not serving or made[1] is not settings:
        app.state.documented = made = (serving, settings, _build_openapi(app, serving))
    content: dict[str, Any] = made[2]
    return content


def _build_openapi(app: FastAPI, serving: LiveVersion | None) -> dict[str, Any]:
    content = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    if app.state.parts.settings.keys_file is not None:
        _describe_security(content)
    refusal = TypeAdapter(Refusal).json_schema(ref_template=_REFERENCE_TEMPLATE)
    content["components"]["schemas"] |= {**refusal.pop("$defs"), "Refusal": refusal}
    if serving is not None:
        one = serving.build_example()
        for path, name in _BODY_KINDS.items():
            schema = serving.requests.build_json_schema(name, _REFERENCE_TEMPLATE)
            content["components"]["schemas"] |= schema.pop("$defs", {})
            if app.state.parts.settings.applicant_key is None:  # without it references are refused
                content["components"]["schemas"].get("DecisionRequest", schema)["properties"].pop("applicant", None)
            example = one if name == "one" else {"applications": [one]}
            content["paths"][path]["post"]["requestBody"] = _describe_body(schema, example)
        contract, outcome = serving.bundle.contract, OutcomeReport.model_json_schema()
        outcome["properties"]["outcome"] = TypeAdapter(build_field_type(contract.columns[contract.label])).json_schema()
        content["paths"]["/v1/outcomes"]["post"]["requestBody"] = _describe_body(outcome)
    return content


def _describe_security(content: dict[str, Any]) -> None:
    """Describe how callers show their key, and the role that each operation needs."""
    content["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key"},
        "password": {"type": "http", "scheme": "basic", "description": "Any user name, and an API key as the password"},
    }
    for path, operations in content["paths"].items():
        for method, operation in operations.items():
            if path in KEYLESS_PATHS:
                operation["security"] = []
                continue
            role = find_role(method.upper(), path)
            operation["security"] = [{scheme: [role] if role else []} for scheme in ("key", "password")]


def _describe_body(schema: dict[str, Any], example: dict[str, Any] | None = None) -> dict[str, Any]:
    described = {"schema": schema} | ({"example": example} if example else {})
    return {"required": True, "content": {"application/json": described}}
