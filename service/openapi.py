"""The documentation of the API: its request bodies and examples are those of the version that is live."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from service.serving import Serving

_BODIES = {"/v1/decisions": "one", "/v1/decisions/batch": "batch"}


def documented(app: FastAPI) -> dict[str, Any]:
    """OpenAPI for what is served now."""
    content = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    serving: Serving | None = app.state.parts.follower.serving
    if serving is not None:
        for path, name in _BODIES.items():
            kind: TypeAdapter[Any] = getattr(serving.requests, name)
            schema = kind.json_schema(ref_template="#/components/schemas/{model}")
            content["components"]["schemas"] |= schema.pop("$defs", {})
            described = {"schema": schema, "example": _example(serving, name)}
            content["paths"][path]["post"]["requestBody"] = {
                "required": True,
                "content": {"application/json": described},
            }
    return content


def _example(serving: Serving, name: str) -> dict[str, Any]:
    protected = {attribute: (column.allowed or [None])[0] for attribute, column in serving.requests.protected.items()}
    one = {"application": dict(serving.example), "protected": protected}
    return one if name == "one" else {"applications": [one]}
