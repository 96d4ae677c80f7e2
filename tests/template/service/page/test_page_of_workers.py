"""The page of a service with several workers: whichever of them draws it, it is about all."""

import re
from pathlib import Path
from typing import Any

from credit.registry.store import Store
from testing.parts.servers import wait_until
from testing.services import run_service


def test_how_long_decisions_took_is_that_of_all_workers(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="2") as service:
        service.wait()
        for one in asked[:30]:
            service.decide(one).raise_for_status()
        told = "The 30 decisions of the last minute by this service, all its 2 workers together"
        wait_until(lambda: told in " ".join(re.sub(r"<[^>]*>", " ", service.get("/").text).split()), "both workers'")
