"""The image: built, then run without root, without a network and with nothing to write but its state."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credit.registry.store import Store
from service.commands.keys.make import make_key
from service.commands.keys.revoke import revoke_keys
from testing.lenders.frozen import ROOT
from testing.parts.containers import IMAGE, Container, Podman, run_container
from testing.parts.servers import wait_until

MODULES = ", ".join(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "service").rglob("*.py"))
    if "migrations" not in path.parts
)


@pytest.fixture
def container(built: Podman, secrets: Path) -> Iterator[Container]:
    """The service in the image, with keys, and with a store and a database that do not answer."""
    there = {"RELEASE_STORE": "s3://models", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "service"}
    with run_container(built, *_with(secrets, **there)) as one:
        yield one.wait()


def _with(secrets: Path, **variables: str) -> list[str]:
    given = {"SERVICE_KEYS_FILE": "/run/keys/keys.json", "SERVICE_SECRETS": "/run/secrets"} | variables
    mounted = [f"--volume={secrets}/keys:/run/keys:ro"]
    mounted += [f"--volume={secrets}/AWS_SECRET_ACCESS_KEY:/run/secrets/AWS_SECRET_ACCESS_KEY:ro"]
    return [*mounted, *(f"--env={name}={value}" for name, value in given.items())]


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    done = subprocess.run(
        [Path(sys.prefix) / "bin/hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_image_has_every_package_that_the_service_imports(built: Podman) -> None:
    built.run("run", "--rm", "--network=none", "--entrypoint=python", IMAGE, "-c", f"import {MODULES}")


def test_the_image_has_the_service_and_its_bundle_and_nothing_else_of_the_repository(built: Podman) -> None:
    inside = "ls -A /app /app/models; cat /etc/pip.conf /run/secrets/ca.pem; find /app -name '*.parquet' -o -name tests"
    told = built.run("run", "--rm", "--network=none", "--entrypoint=sh", IMAGE, "-c", inside, check=False)
    assert told.stdout.split() == ["/app:", "credit", "models", "service", "/app/models:", "bundle"]
    assert told.stderr.count("No such file") == 2  # how packages were reached is in no layer


def test_it_does_not_start_without_keys(built: Podman) -> None:
    done = built.run("run", "--rm", "--network=none", IMAGE, check=False)
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "SERVICE_KEYS_FILE" in line


def test_without_store_and_disk_the_rule_in_the_image_decides(
    container: Container, secrets: Path, asked: list[dict[str, Any]]
) -> None:
    answer = container.ask("/v1/decisions", asked[0], (secrets / "office_key").read_text().strip())
    assert answer.status == 200
    assert (answer.json()["decided_by"], answer.json()["version"]) == ("rule", None)
    health = container.ask("/health/ready").json()
    assert (health["status"], health["decides"]) == ("degraded", "rule")


def test_a_key_is_needed_and_is_good_for_what_it_was_made_for(
    container: Container, secrets: Path, asked: list[dict[str, Any]]
) -> None:
    watch = (secrets / "prometheus_key").read_text().strip()
    assert container.ask("/v1/decisions", asked[0]).status == 401
    assert container.ask("/v1/decisions", asked[0], watch).status == 403
    assert container.ask("/metrics").status == 401
    assert "service_" in container.ask("/metrics", key=watch).text


def test_a_key_that_is_revoked_outside_is_refused_inside(container: Container, secrets: Path) -> None:
    """By the folder that compose.yaml mounts: the file is replaced, and who may read it stays."""
    token, file = make_key(secrets / "keys/keys.json", "leaver", ("watch",)), secrets / "keys/keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o444
    wait_until(lambda: container.ask("/v1/version", key=token).status == 200, "the new key")
    revoke_keys(file, "leaver")
    wait_until(lambda: container.ask("/v1/version", key=token).status == 401, "the end of the key")
    assert container.ask("/v1/version", key=(secrets / "office_key").read_text().strip()).status == 200


def test_it_is_nobody_special_and_writes_nothing_but_its_state(container: Container) -> None:
    assert container.run_shell("id -u").stdout.strip() == "10001"
    assert "CapEff:\t0000000000000000" in container.run_shell("cat /proc/1/status").stdout
    for place in ("/app/x", "/venv/x", "/run/x", "/etc/x", "/var/tmp/x"):
        assert "Read-only file system" in container.run_shell(f"touch {place}").stderr, place
    assert container.run_shell("touch /state/x /tmp/x").returncode == 0


def test_the_health_check_passes_while_it_decides_and_not_otherwise(built: Podman, container: Container) -> None:
    assert container.is_healthy()
    with run_container(built, '--entrypoint=["sleep", "60"]') as idle:
        assert not idle.is_healthy()


def test_told_to_end_it_ends_cleanly_and_has_its_decisions_when_it_is_back(
    container: Container, secrets: Path, asked: list[dict[str, Any]]
) -> None:
    key = (secrets / "office_key").read_text().strip()
    answer = container.ask("/v1/decisions", asked[0], key).json()
    assert container.stop() == 0
    assert "Application shutdown complete" in container.read_log()
    logged = container.start().wait().ask(f"/v1/decisions/{answer['id']}", key=key).json()
    assert {name: logged[name] for name in answer} == answer


def test_what_scores_tells_nobody_outside(container: Container) -> None:
    """onnxruntime reports models to its maker, unless it is told not to; the attempt shows in the log."""
    assert "telemetry" not in container.read_log().lower()


def test_the_live_version_decides(built: Podman, secrets: Path, released: Store, asked: list[dict[str, Any]]) -> None:
    options = [*_with(secrets, RELEASE_STORE="/store"), f"--volume={released.folder}:/store"]
    with run_container(built, *options) as container:
        answer = container.wait().ask("/v1/decisions", asked[0], (secrets / "office_key").read_text().strip()).json()
    assert (answer["decided_by"], answer["version"]) == ("model", "v2.0.0")
