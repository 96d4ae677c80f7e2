"""The documentation of the API: its request bodies and examples are those of the version that is live."""

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from service.api.outcomes import Outcome
from service.api.responses import Refusal
from service.engine.live_version import Serving
from service.engine.requests import type_of

_REFERENCE = "#/components/schemas/{model}"

REFUSAL = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Refusal")}}}
"""The content of every answer that refuses."""

_BODIES: dict[str, Literal["one", "batch"]] = {"/v1/decisions": "one", "/v1/decisions/batch": "batch"}


def documented(app: FastAPI) -> dict[str, Any]:
    """OpenAPI for what is served now, made once for each version: everybody waits for whoever asks for it."""
    serving: Serving | None = app.state.parts.follower.serving
    made = getattr(app.state, "documented", None)
    if made is None or made[0] is not serving:
        app.state.documented = made = (serving, _documented(app, serving))
    content: dict[str, Any] = made[1]
    return content


def _documented(app: FastAPI, serving: Serving | None) -> dict[str, Any]:
    content = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    refusal = TypeAdapter(Refusal).json_schema(ref_template=_REFERENCE)
    content["components"]["schemas"] |= {**refusal.pop("$defs"), "Refusal": refusal}
    if serving is not None:
        for path, name in _BODIES.items():
            schema = serving.requests.schema(name, _REFERENCE)
            content["components"]["schemas"] |= schema.pop("$defs", {})
            content["paths"][path]["post"]["requestBody"] = _body(schema, _example(serving, name))
        contract, outcome = serving.bundle.contract, Outcome.model_json_schema()
        outcome["properties"]["outcome"] = TypeAdapter(type_of(contract.columns[contract.label])).json_schema()
        content["paths"]["/v1/outcomes"]["post"]["requestBody"] = _body(outcome)
    return content


def _body(schema: dict[str, Any], example: dict[str, Any] | None = None) -> dict[str, Any]:
    described = {"schema": schema} | ({"example": example} if example else {})
    return {"required": True, "content": {"application/json": described}}


def _example(serving: Serving, name: str) -> dict[str, Any]:
    protected = {attribute: (column.allowed or [None])[0] for attribute, column in serving.requests.protected.items()}
    one = {"application": dict(serving.example), "protected": protected}
    return one if name == "one" else {"applications": [one]}
