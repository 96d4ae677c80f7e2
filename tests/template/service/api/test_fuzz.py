"""Schemathesis asks the real service what its documentation allows and what it does not."""

import subprocess
import sys
from pathlib import Path

from testing.parts.servers import PATIENCE
from testing.services import Service


def test_no_request_makes_the_service_fail(service_of_many: Service, tmp_path: Path) -> None:
    """No 5xx, no answer of another form than documented, nothing accepted that the documentation does not allow."""
    command = [str(Path(sys.prefix) / "bin/schemathesis"), "run", f"{service_of_many.url}/openapi.json"]
    command += ["--max-examples", "40", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert service_of_many.read_health()["status"] == "ok"
