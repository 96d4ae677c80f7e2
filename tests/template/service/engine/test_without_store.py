"""Neither the store nor the database is needed to start, and a store that has vanished is not an empty one."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_fallback
from service.engine.bundle_cache import BundleCache
from service.engine.follower import Follower
from service.engine.version_sources import VersionSources
from service.settings import load_settings
from testing.parts.servers import PATIENCE, find_free_ports, mount_small_disk, wait_until
from testing.releases import deploy_versions
from testing.services import Service, run_service


def away(store: Store) -> Path:
    """The folder of a store, moved to where nobody looks."""
    assert store.folder is not None
    return store.folder.rename(store.folder.with_name("moved"))


def test_it_starts_from_the_last_good_version_when_store_and_database_are_out_of_reach(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    (port,) = find_free_ports(1)
    with run_service(released.url, tmp_path / "state") as service:
        before = service.wait().decide(asked[0]).json()
    nowhere = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": "r", "AWS_ACCESS_KEY_ID": "k"}
    nowhere |= {"AWS_SECRET_ACCESS_KEY": "s", "SERVICE_START_SECONDS": "1"}
    nowhere |= {"SERVICE_DATABASE_URL": f"postgresql+psycopg://modeler@127.0.0.1:{port}/d"}
    with run_service("s3://models", tmp_path / "state", **nowhere) as service:
        answer = service.wait("degraded").decide(asked[0])
        assert answer.status_code == 200
        told = answer.json()
        wait_until(lambda: len(service.read_health()["problems"]) == 2, "both problems")
    assert [told[name] for name in ("decision", "score", "version", "entry")] == [
        before[name] for name in ("decision", "score", "version", "entry")
    ]


def test_a_store_that_vanishes_is_reported_and_what_is_served_stays(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    moved = away(released)
    service.wait("degraded")
    assert service.read_health()["problems"] == ["the store does not answer"]
    assert service.decide(asked[0]).json()["version"] == "v2.0.0"
    assert not Path(released.url).exists()
    Path(released.url).mkdir()  # a disk that is not mounted is an empty folder
    assert service.wait("degraded").decide(asked[0]).status_code == 200
    Path(released.url).rmdir()
    moved.rename(released.url)
    service.wait("ok")
    deploy_versions(released, "v3.0.0")
    wait_until(lambda: service.decide(asked[0]).json()["version"] == "v3.0.0", "the next version")


def test_a_start_without_store_or_disk_is_dark_until_the_store_is_there(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    moved = away(released)
    with run_service(released.url, tmp_path / "state", SERVICE_START_SECONDS="0.1") as service:
        service.wait("dark")
        assert service.decide(asked[0]).status_code == 503
        assert not Path(released.url).exists()
        moved.rename(released.url)
        assert service.wait().decide(asked[0]).json()["version"] == "v2.0.0"


def test_a_version_that_is_damaged_on_the_disk_is_fetched_anew(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    (model,) = (tmp_path / "state/bundles").glob("*/model.onnx")
    whole = model.read_bytes()
    model.write_bytes(b"damaged")
    with run_service(released.url, tmp_path / "state") as service:
        assert service.wait().decide(asked[0]).json()["decided_by"] == "model"
    assert model.read_bytes() == whole


def test_the_rule_of_the_image_decides_when_the_disk_is_damaged_and_the_store_away(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, bundles: Callable[[str], Path]
) -> None:
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    for model in (tmp_path / "state/bundles").glob("*/model.onnx"):
        model.write_bytes(b"damaged")
    moved = away(released)
    with run_service(released.url, tmp_path / "state", SERVICE_BAKED=str(bundles("heuristic"))) as service:
        answer = service.wait("degraded").decide(asked[0]).json()
        assert (answer["decided_by"], answer["version"], answer["entry"]) == ("rule", None, 0)
        moved.rename(released.url)
        assert service.wait().decide(asked[0]).json()["version"] == "v2.0.0"


def test_the_kill_switch_works_on_a_full_disk(released: Store, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    with mount_small_disk(tmp_path / "disk", "8m") as disk:
        database = f"sqlite:///{tmp_path}/elsewhere.db"
        with run_service(released.url, disk / "state", SERVICE_DATABASE_URL=database) as service:
            service.wait()
            with (disk / "filler").open("wb") as filler:
                filler.write(b"\0" * (shutil.disk_usage(disk).free - 4_096))
            (disk / "state/more").write_bytes(b"\0" * shutil.disk_usage(disk).free)
            apply_change(released, plan_fallback(Ledger(released, "prod"), Attribution("it went wrong", "tester")))
            wait_until(lambda: service.decide(asked[0]).json()["decided_by"] == "rule", "the rule")
            assert "cannot be saved" in json.dumps(service.wait("degraded").read_health()["problems"])
        moved, quick = away(released), {"SERVICE_DATABASE_URL": database, "SERVICE_START_SECONDS": "0.1"}
        with run_service(released.url, disk / "state", **quick) as service:
            answer = service.wait("degraded").decide(asked[0]).json()
            assert answer["decided_by"] == "rule", "the killed model decides again"
            assert "entry 3 was followed" in answer["rule_because"]
            for file in (disk / "filler", disk / "state/more"):
                file.unlink()
            moved.rename(released.url)
            wait_until(lambda: service.decide(asked[0]).json()["entry"] == 3, "the kill switch itself")
            service.wait("ok")
        away(released)
        with run_service(released.url, disk / "state", **quick) as service:
            assert service.wait("degraded").decide(asked[0]).json()["rule_because"].endswith("it went wrong")


@pytest.mark.parametrize("loss", ["torn", "cannot be written"])
def test_no_model_decides_when_nobody_knows_whether_it_was_killed(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, loss: str
) -> None:
    """A restart without the store goes by the disk; by one that lost or refused the newest entry, the rule decides."""
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    followed = tmp_path / "state/followed.json"
    if loss == "torn":
        followed.write_bytes(b"\0" * 512)
    else:
        followed.unlink()
        followed.mkdir()
    moved = away(released)
    with run_service(released.url, tmp_path / "state", SERVICE_START_SECONDS="0.1") as service:
        answer = service.wait("degraded").decide(asked[0]).json()
        assert (answer["decided_by"], answer["version"]) == ("rule", "v2.0.0")
        assert "the rule decides until the store answers" in " ".join(service.read_health()["problems"])
        moved.rename(released.url)
        wait_until(lambda: service.decide(asked[0]).json()["decided_by"] == "model", "the model")


def test_a_kill_switch_whose_version_cannot_be_loaded_survives_a_restart_too(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    deploy_versions(released, "v3.0.0")
    for model in Path(released.url).glob("**/model.onnx"):
        model.write_bytes(b"damaged")
    apply_change(released, plan_fallback(Ledger(released, "prod"), Attribution("it went wrong", "tester")))
    with run_service(released.url, tmp_path / "state") as service:
        assert service.wait("degraded").decide(asked[0]).json()["decided_by"] == "rule"
        wait_until(lambda: service.decide(asked[0]).json()["entry"] == 4, "the rule of what is at hand")
    away(released)
    with run_service(released.url, tmp_path / "state", SERVICE_START_SECONDS="0.1") as service:
        answer = service.wait("degraded").decide(asked[0]).json()
        assert answer["decided_by"] == "rule", "the model that was decided by before decides again"


def test_workers_share_what_is_fetched(released: Store, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="3") as service:
        service.wait()
        deploy_versions(released, "v3.0.0")
        wait_until(lambda: {service.decide(asked[0]).json()["version"] for _ in range(12)} == {"v3.0.0"}, "all workers")
        assert service.wait().read_health()["problems"] == []
    assert not list((tmp_path / "state/bundles").glob(".*"))
    assert "refused" not in service.log.read_text()


def test_figures_of_several_workers_are_those_of_now(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Whichever worker is asked, and although one was killed."""
    with run_service(released.url, tmp_path / "state", SERVICE_WORKERS="2") as service:
        service.wait()
        moved = away(released)
        service.wait("degraded")
        for _ in range(20):
            wait_until(lambda: 'problem{what="store"} 1.0' in service.get("/metrics").text, "the problem")
        moved.rename(released.url)
        with requests.Session() as one:  # whose connection is that of one worker
            there = 'problem{what="store"} 0.0'
            wait_until(
                lambda: there in one.get(f"{service.url}/metrics", timeout=PATIENCE).text, "the end of the problem"
            )
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
        worker = next(pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(int(worker), signal.SIGKILL)
        deploy_versions(released, "v3.0.0")
        wait_until(lambda: "service_ledger_entry 3.0" in service.get("/metrics").text, "the entry of all workers")


MakeFollower = Callable[[], Follower]


@pytest.fixture
def make_follower(released: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeFollower]:
    """Followers of one place, each of which has started."""
    made: list[Follower] = []
    monkeypatch.setenv("RELEASE_STORE", released.url)
    monkeypatch.setenv("SERVICE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SERVICE_POLL_SECONDS", "0.1")

    def make() -> Follower:
        made.append(Follower(load_settings(), lambda _: None))
        made[-1].start()
        return made[-1]

    yield make
    for follower in made:
        follower.stop()


def pull_kill_switch(store: Store) -> None:
    apply_change(store, plan_fallback(Ledger(store, "prod"), Attribution("incident", "on call")))


def who_decides(follower: Follower) -> str | None:
    return follower.serving.decides if follower.serving is not None else None


@pytest.mark.parametrize("is_full", [False, True], ids=["room on the disk", "a full disk"])
def test_a_kill_switch_takes_over_and_survives_though_the_store_goes_right_after_it_was_read(
    released: Store, make_follower: MakeFollower, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    """Not one byte of the store is read after those of the entry."""
    follower = make_follower()
    wait_until(lambda: who_decides(follower) == "model", "the model")
    read, reads = Ledger.read_content, []

    def read_and_go(ledger: Ledger, number: int) -> bytes | None:
        content = read(ledger, number)
        if number == 3 and content is not None:
            reads.append(number)
            if len(reads) == 2:  # the first read tells that there is one
                away(released)
        return content

    def refuse(*_: Any) -> None:
        raise CreditError(Problem("the service's own disk", "no space left"))

    monkeypatch.setattr(Ledger, "read_content", read_and_go)
    if is_full:
        monkeypatch.setattr(BundleCache, "keep", refuse)  # a new file; those that are there can be overwritten
    pull_kill_switch(released)
    wait_until(lambda: who_decides(follower) == "rule", "the rule")
    wait_until(lambda: "store" in follower.problems, "that the store is gone")
    assert ("disk" in follower.problems) == is_full
    follower.stop()
    monkeypatch.undo()
    monkeypatch.setenv("RELEASE_STORE", released.url)
    monkeypatch.setenv("SERVICE_STATE", str(follower.settings.state))
    monkeypatch.setenv("SERVICE_START_SECONDS", "0.1")
    again = make_follower()
    assert who_decides(again) == "rule", "the killed model decides again"


def test_a_kill_switch_survives_a_process_that_ends_while_it_loads_the_version(
    released: Store, make_follower: MakeFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, loading = make_follower(), threading.Event()
    wait_until(lambda: who_decides(follower) == "model", "the model")
    ended = threading.Event()

    def load(*_: Any) -> None:
        loading.set()
        ended.wait()
        raise CreditError(Problem("the test", "over"))

    with monkeypatch.context() as changed:
        changed.setattr(VersionSources, "load", load)
        pull_kill_switch(released)
        wait_until(loading.is_set, "the version to be loaded")
    away(released)
    monkeypatch.setenv("SERVICE_START_SECONDS", "0.1")
    assert who_decides(make_follower()) == "rule", "the killed model decides again"
    ended.set()


def test_an_entry_that_cannot_be_read_for_a_moment_is_not_passed_over_for_an_older_one(
    released: Store, make_follower: MakeFollower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a start nothing is known: the model of the entry before would decide, which was killed."""
    pull_kill_switch(released)
    read, refused = Ledger.read_content, []

    def refuse_once(ledger: Ledger, number: int) -> bytes | None:
        if number == 3 and not refused:
            refused.append(number)
            raise CreditError(Problem("the store", "no answer"))
        return read(ledger, number)

    monkeypatch.setattr(Ledger, "read_content", refuse_once)
    swapped: list[str] = []
    follower = Follower(load_settings(), lambda serving: swapped.append(serving.decides))
    follower.start()
    wait_until(lambda: bool(swapped), "any version")
    follower.stop()
    assert (swapped[0], refused) == ("rule", [3])
