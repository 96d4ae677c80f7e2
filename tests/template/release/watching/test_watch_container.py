"""Service and watch as images beside each other, with PostgreSQL: unequal treatment is taken back, and shown."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from filled_logs import Town, mix_people, read_newest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from service.commands.keys.make import make_key
from testing.lenders.frozen import ROOT
from testing.parts.containers import WATCH_IMAGE, Container, Podman, run_container
from testing.parts.servers import Cluster, wait_until

WORDS = ("No group is treated unequally beyond doubt", "Nothing can be concluded")
"""What the page says of a watch that answers, and has taken a version back."""


@pytest.fixture
def urls(server: Cluster, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The database as containers without a network reach it: by its socket, for the service and for the watch."""
    found = make_url(server.url)
    (tmp_path / "password").write_text("of-the-watch\n")
    script = (ROOT / "deploy/database/watch_role.sql").read_text()
    script = script.replace("/run/secrets/watch_database_password", str(tmp_path / "password"))
    options = ["--host=127.0.0.1", f"--port={found.port}", f"--username={found.username}", f"--dbname={found.database}"]
    command = ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", *options]
    subprocess.run(command, input=script, text=True, check=True, capture_output=True)
    server.folder.chmod(0o711)  # the user of the containers gets to the socket
    address = f"/{found.database}?host=/database&port={found.port}"
    yield {role: f"postgresql+psycopg://{role}@{address}" for role in ("modeler", "watch")}
    subprocess.run([*command, "--command=DROP ROLE watch"], check=True, capture_output=True)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """The parameters of the image's lender, with looks that follow each other."""
    content = yaml.safe_load((ROOT / "tests/template/lender/params.yaml").read_text())
    content["watch"] |= {"poll_seconds": 0.2, "acts": True}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    return tmp_path / "params.yaml"


@pytest.fixture
def key(tmp_path: Path) -> str:
    """A key of the service, in a file that the user of the container reads."""
    token = make_key(tmp_path / "keys/keys.json", "all", ("decide", "watch"))
    (tmp_path / "keys/keys.json").chmod(0o444)
    (tmp_path / "RELEASE_SERVICE_KEY").write_text(token)
    return token


@pytest.fixture
def service(
    built: Podman, released: Store, server: Cluster, urls: dict[str, str], key: str, tmp_path: Path
) -> Iterator[Container]:
    """The service in its image; the store's folder may be written by the user of both images."""
    subprocess.run(["chmod", "-R", "a+rwX", released.folder], check=True)
    variables = {"SERVICE_KEYS_FILE": "/run/keys/keys.json", "SERVICE_DATABASE_URL": urls["modeler"]}
    variables |= {"SERVICE_WATCH_URL": "http://127.0.0.1:8001"}
    variables |= {"SERVICE_POLL_SECONDS": "0.1", "SERVICE_MODEL_SECONDS": "10", "SERVICE_BATCH_SECONDS": "60"}
    mounted = [f"--volume={tmp_path}/keys:/run/keys:ro"]
    with run_container(built, *_share(released, server), *mounted, *_name(variables)) as running:
        yield running.wait()


def _share(store: Store, server: Cluster) -> list[str]:
    return [f"--volume={store.folder}:/store", "--env=RELEASE_STORE=/store", f"--volume={server.folder}:/database"]


def _name(variables: dict[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in variables.items()]


def test_the_image_of_the_watch_has_what_it_runs_and_nothing_else_of_the_repository(built: Podman) -> None:
    inside = "ls -A /app /app/release /app/release/commands; find /app -name '*.onnx' -o -name tests; id -u"
    told = built.run("run", "--rm", "--network=none", "--entrypoint=sh", WATCH_IMAGE, "-c", inside)
    top, release, commands = (part.split()[1:] for part in told.stdout.split("/app")[1:])
    assert top == ["credit", "params.yaml", "release", "watch"]
    assert release == ["__init__.py", "__main__.py", "commands", "deployment", "oncall", "repository", "watching"]
    assert commands == ["__init__.py", "options.py", "watch.py", "10001"]


def test_unequal_treatment_in_one_container_is_taken_back_by_the_other_and_shown_on_the_page(
    built: Podman,
    service: Container,
    released: Store,
    server: Cluster,
    urls: dict[str, str],
    params: Path,
    key: str,
    town: Town,
    live: LedgerEntry,
    before: LedgerEntry,
    tmp_path: Path,
) -> None:
    approved, lost = town.find(live, "approve", before, "approve"), town.find(live, "deny", before, "approve")
    people = mix_people(500, approved, lost)
    assert "The watch does not answer." in service.ask("/", key=key).text
    variables = {"SERVICE_DATABASE_URL": urls["watch"], "SERVICE_SECRETS": "/run/secrets"}
    variables |= {"RELEASE_SERVICE_URL": "http://127.0.0.1:8000"}
    mounted = [f"--volume={params}:/app/params.yaml:ro"]
    mounted += [f"--volume={tmp_path}/RELEASE_SERVICE_KEY:/run/secrets/RELEASE_SERVICE_KEY:ro"]
    with run_container(built, *_share(released, server), *mounted, *_name(variables), beside=service) as watch:
        assert watch.wait("/health").is_healthy()
        for start in (0, 250):
            body = {"applications": town.ask(people[start : start + 250])}
            assert service.ask("/v1/decisions/batch", body, key).status == 200
        wait_until(lambda: read_newest(released).number == 3, "the entry of the watch")
        newest = read_newest(released)
        assert (newest.actor, newest.version) == ("watch", before.version)
        wait_until(lambda: service.ask("/v1/version", key=key).json()["entry"] == 3, "the version before")
        answer = service.ask("/v1/decisions", town.ask(people)[0], key).json()
        assert (answer["version"], answer["decision"]) == (before.version, "approve")
        wait_until(lambda: any(words in service.ask("/", key=key).text for words in WORDS), "the watch on the page")
        assert watch.run_shell("touch /app/x || id -u").stdout.strip() == "10001"
        assert watch.stop() == 0
        told = watch.read_log()
    assert "taken back: entry 3, rollback of v1.0.0" in told
    assert "Traceback" not in told


def test_the_role_of_the_watch_reads_the_log_and_writes_nothing(server: Cluster, urls: dict[str, str]) -> None:
    """Also in tables that are made after it."""
    with create_engine(server.url).begin() as owner:
        owner.execute(text("CREATE TABLE made_later (id integer)"))
        secret = owner.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'watch'")).scalar_one()
    assert secret.startswith("SCRAM-SHA-256$")
    with create_engine(make_url(server.url).set(username="watch")).connect() as watch:
        assert watch.execute(text("SELECT count(*) FROM made_later")).scalar_one() == 0
        with pytest.raises(ProgrammingError, match="permission denied"):
            watch.execute(text("INSERT INTO made_later VALUES (1)"))
