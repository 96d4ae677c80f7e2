"""Document the API, with the request bodies and examples of the live version."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from credit.bundle.field_types import build_field_type
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
        409: "The idempotency key belongs to another request",
        408: "The request took too long to arrive",
        413: "The body is too large",
        415: "The body is not JSON",
        429: "The caller has too many requests at a time",
        422: "Values that the contract does not allow, or a malformed request",
        503: "No version is live, or the decision log does not answer",
    }.items()
}
READ_REFUSALS: dict[int | str, dict[str, Any]] = {status: REFUSALS[status] for status in (401, 403, 422, 503)}
NOT_FOUND_REFUSAL: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such decision", "content": _REFUSAL_CONTENT}
}

_BODY_KINDS: dict[str, Literal["one", "batch"]] = {"/v1/decisions": "one", "/v1/decisions/batch": "batch"}


def describe_api(app: FastAPI) -> dict[str, Any]:
    """Describe the API of the live version in OpenAPI; built once per version, for every request waits meanwhile."""
    serving: LiveVersion | None = app.state.parts.follower.serving
    made = getattr(app.state, "documented", None)
    if made is None or made[0] is not serving:
        app.state.documented = made = (serving, _build_openapi(app, serving))
    content: dict[str, Any] = made[1]
    return content


def _build_openapi(app: FastAPI, serving: LiveVersion | None) -> dict[str, Any]:
    content = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    refusal = TypeAdapter(Refusal).json_schema(ref_template=_REFERENCE_TEMPLATE)
    content["components"]["schemas"] |= {**refusal.pop("$defs"), "Refusal": refusal}
    if serving is not None:
        one = serving.build_example()
        for path, name in _BODY_KINDS.items():
            schema = serving.requests.build_json_schema(name, _REFERENCE_TEMPLATE)
            content["components"]["schemas"] |= schema.pop("$defs", {})
            example = one if name == "one" else {"applications": [one]}
            content["paths"][path]["post"]["requestBody"] = _describe_body(schema, example)
        contract, outcome = serving.bundle.contract, OutcomeReport.model_json_schema()
        outcome["properties"]["outcome"] = TypeAdapter(build_field_type(contract.columns[contract.label])).json_schema()
        content["paths"]["/v1/outcomes"]["post"]["requestBody"] = _describe_body(outcome)
    return content


def _describe_body(schema: dict[str, Any], example: dict[str, Any] | None = None) -> dict[str, Any]:
    described = {"schema": schema} | ({"example": example} if example else {})
    return {"required": True, "content": {"application/json": described}}
