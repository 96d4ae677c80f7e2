"""What stands around the service: each container closed, each secret a file that `make secrets` makes."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from sqlalchemy import make_url

from credit.common.errors import CreditError
from credit.decision_log.integrity.chain import Head
from credit.decision_log.integrity.checkpoints import Checkpoint, list_points, write_checkpoint
from credit.registry.store import Store
from service.access.key_file import read_keys
from service.access.keys import KeyRefusedError, KeyRole
from testing.lenders.frozen import ROOT
from testing.parts.servers import find_free_ports, wait_until
from testing.projects import Project

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
ROLE_SCRIPT = (ROOT / "deploy/database/watch_role.sql").read_text()


def test_compose_yaml_is_what_the_specification_of_compose_allows() -> None:
    command = [Path(sys.prefix) / "bin/check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    container = SERVICES[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in container.get("ports", []))
    if "build" not in container:  # whose Dockerfile has a health check
        assert "healthcheck" in container
        assert re.search(r":v?\d+\.\d+", container["image"])


def test_every_secret_is_made_and_none_stands_in_the_configuration(secrets: Path) -> None:
    made = [path for path in secrets.rglob("*") if path.is_file()]
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} <= {
        f"secrets/{path.relative_to(secrets)}" for path in made
    }
    values = {path.read_text().strip() for path in made}
    assert not any(value in (ROOT / "compose.yaml").read_text() for value in values)
    assert secrets.stat().st_mode & 0o077 == 0


def test_the_watch_gets_its_own_secrets_as_the_variables_that_it_reads() -> None:
    watch = SERVICES["watch"]
    mounted = {one["target"]: one["source"] for one in watch["secrets"]}
    assert mounted.keys() == {"AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "RELEASE_SERVICE_KEY"}
    assert all(source.startswith("watch_") for source in mounted.values()), "none is the service's"
    assert watch["environment"]["SERVICE_SECRETS"] == "/run/secrets"
    assert f"CREATE ROLE {make_url(watch['environment']['SERVICE_DATABASE_URL']).username} LOGIN" in ROLE_SCRIPT
    assert f"/run/secrets/{mounted['PGPASSWORD']}`" in ROLE_SCRIPT
    assert mounted["PGPASSWORD"] in SERVICES["database"]["secrets"]


def test_secrets_in_use_are_not_replaced(project: Project) -> None:
    project.run("make", "secrets")
    before = (project.folder / "secrets/keys/keys.json").read_text()
    done = project.run("make", "secrets", check=False)
    assert "error: secrets:" in done.stderr
    assert (project.folder / "secrets/keys/keys.json").read_text() == before
    assert "secrets" not in project.run("git", "status", "--short").stdout


def test_the_key_of_prometheus_watches_and_reads_no_applicant(secrets: Path) -> None:
    keys, bearer = read_keys(secrets / "keys/keys.json"), b"Bearer " + (secrets / "prometheus_key").read_bytes()
    assert keys.authenticate(bearer, "watch") == "prometheus"
    others: tuple[KeyRole, ...] = ("decide", "look-up", "report", "review")
    for role in others:
        with pytest.raises(KeyRefusedError, match="role"):
            keys.authenticate(bearer, role)


def test_keys_are_mounted_as_a_folder_because_a_container_never_sees_the_next_file(secrets: Path) -> None:
    decisions = SERVICES["decisions"]
    file = Path(decisions["environment"]["SERVICE_KEYS_FILE"])
    assert f"./secrets/keys:{file.parent}:ro" in decisions["volumes"]
    assert (secrets / "keys" / file.name).is_file()
    assert stat.S_IMODE((secrets / "keys").stat().st_mode) == 0o755, "the user of the container gets there"


def test_the_publisher_writes_to_the_store_and_service_and_watch_write_what_is_theirs(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The S3 server really runs, with the options of compose.yaml and the identities of `make secrets`."""
    names = ["master.port", "volume.port", "filer.port", "s3.port"]
    names += [f"{name}.grpc" for name in names]
    ports = dict(zip(names, find_free_ports(len(names)), strict=True))
    options = SERVICES["store"]["command"].replace("/run/secrets", str(secrets)).replace("0.0.0.0", "127.0.0.1")
    command = [Path(sys.prefix) / "bin/weed", *options.split(), f"-dir={tmp_path}"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    variables = dict(line.split("=", 1) for line in (secrets / "publisher.env").read_text().split())
    variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{ports['s3.port']}"
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "weed.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    try:
        wait_until(lambda: _publishes(variables["RELEASE_STORE"]), "the S3 server", server)
        reader = _open_store_as("decisions", secrets / "AWS_SECRET_ACCESS_KEY", monkeypatch)
        assert reader.read("versions/one") == b"1"
        assert reader.list_children("versions") == ([], ["one"])
        with pytest.raises(CreditError, match="the key may not do this there"):
            reader.create("versions/two", b"2")
        checkpoint = Checkpoint("decisions", Head("a" * 32, 7, "b" * 64))
        write_checkpoint(reader, checkpoint, "prod")
        assert list_points(reader, "decisions", "a" * 32) == {7: {"b" * 64}}
        watch = _open_store_as("watch", secrets / "watch_store_key", monkeypatch)
        assert watch.create("environments/prod/000000000/000000001.json", b"1")
        assert watch.create("alarms/prod/000000001/000000001.json", b"1")
        assert watch.read_clock().tzinfo is not None
        for place in ("versions/two", "bundles/two", "log/two", "holds/prod/000000001.json"):
            with pytest.raises(CreditError, match="the key may not do this there"):
                watch.create(place, b"2")
    finally:
        server.kill()
        server.wait()


def _open_store_as(name: str, secret: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Open the store with the identity that compose.yaml gives to a container."""
    given = SERVICES[name]["environment"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AWS_ACCESS_KEY_ID"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret.read_text().strip())
    return Store(given["RELEASE_STORE"])


def _publishes(store: str) -> bool:
    try:
        return Store(store).create("versions/one", b"1")
    except CreditError:
        return False


def test_the_parts_that_watch_find_each_other_and_their_files() -> None:
    """By the names of compose.yaml."""
    configured = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text())
    asked = configured["scrape_configs"] + configured["alerting"]["alertmanagers"]
    hosts = {
        target.partition(":")[0] for one in asked for static in one["static_configs"] for target in static["targets"]
    }
    routes = yaml.safe_load((ROOT / "monitoring/alertmanager/alertmanager.yml").read_text())["receivers"]
    hosts |= {urlsplit(hook["url"]).hostname or "" for one in routes for hook in one["webhook_configs"]}
    source = yaml.safe_load((ROOT / "monitoring/grafana/provisioning/datasources/prometheus.yml").read_text())
    hosts |= {urlsplit(one["url"]).hostname or "" for one in source["datasources"]}
    page, told = (
        urlsplit(SERVICES[name]["environment"][variable])
        for name, variable in (("decisions", "SERVICE_WATCH_URL"), ("watch", "RELEASE_SERVICE_URL"))
    )
    assert (page.netloc, told.netloc) == ("watch:8001", "decisions:8000")
    assert hosts == {"decisions", "watch", "alertmanager", "receiver", "prometheus"}
    for name in hosts:
        assert "watch" in SERVICES[name]["networks"]
    mounted = {one.split(":")[1]: ROOT / one.split(":")[0] for one in SERVICES["grafana"]["volumes"] if one[0] == "."}
    provider = yaml.safe_load((ROOT / "monitoring/grafana/provisioning/dashboards/credit.yml").read_text())
    assert list(mounted[provider["providers"][0]["options"]["path"]].glob("*.json"))
