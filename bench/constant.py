"""What the framework of the service costs by itself: the same body in, a constant out."""

from typing import Any

from fastapi import FastAPI, Request, Response

APP = FastAPI()
_CONSTANT = {"id": "0" * 32, "decision": "approve", "score": 0.9, "reasons": [], "decided_by": "model"}


@APP.post("/parsed")
async def answer_parsed(application: dict[str, Any]) -> dict[str, Any]:
    """Answer as FastAPI's documentation shows: the body is read as JSON, the answer written as JSON."""
    return _CONSTANT


@APP.post("/raw")
async def answer_raw(request: Request) -> Response:
    """Answer without parsing the body, which no real service can do."""
    await request.body()
    return Response(b'{"decision":"approve"}', media_type="application/json")
