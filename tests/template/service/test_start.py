"""From a store to an answer."""

import signal
from typing import Any

from testing.services import Service


def test_it_starts_and_says_who_decided(service: Service, asked: list[dict[str, Any]]) -> None:
    answer = service.decide(asked[0]).json()
    assert answer["decided_by"] == "model"
    assert answer["version"] == "v2.0.0"
    assert answer["entry"] == 2
    logged = service.get(f"/v1/decisions/{answer['id']}").json()
    assert logged["inputs"] == asked[0]["application"]
    assert {key: logged[key] for key in answer} == answer
    assert service.stop() == -signal.SIGTERM  # uvicorn finishes, then ends as it was told
