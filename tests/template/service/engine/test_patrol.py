"""A service looks at old entries of the ledger again, a few a poll, and says so when one was changed or is gone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from credit.registry.identity import IDENTITY_KEY
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle
from release.deployment.apply import apply_change
from release.deployment.plan import plan_fallback, plan_rollback
from testing.parts.servers import wait_until
from testing.releases import WHY, deploy_versions
from testing.services import Service, run_service


def locate(store: Store, number: int) -> Path:
    assert store.folder is not None
    return store.folder / f"environments/prod/000000000/{number:09d}.json"


def rewrite(store: Store, number: int, **fields: Any) -> None:
    path = locate(store, number)
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def wait_for_problem(service: Service, said: str) -> None:
    wait_until(lambda: said in service.read_health().get("problems", []), said, service.process)


def test_an_old_entry_that_is_rewritten_or_deleted_while_the_service_runs_is_said_until_it_is_restored(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    deploy_versions(released, "v3.0.0", "v2.0.0", "v3.0.0")
    wait_until(lambda: service.read_health()["entry"] == 5, "entry 5", service.process)
    before = {number: locate(released, number).read_bytes() for number in (2, 3)}
    rewrite(released, 2, reason="the board said so")
    wait_for_problem(service, "entry 2 of the ledger was changed or deleted after it was written")
    assert service.read_health()["status"] == "degraded"
    assert 'service_problem{what="chain"} 1.0' in service.get("/metrics").text
    locate(released, 3).unlink()
    wait_for_problem(service, "entries 2, 3 of the ledger were changed or deleted after they were written")
    assert service.decide(asked[0]).json()["version"] == "v3.0.0", "what is served stays"
    for number, content in before.items():
        locate(released, number).write_bytes(content)
    service.wait("ok")
    apply_change(released, plan_rollback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 6, "a rollback", service.process)


def test_the_newest_entry_that_is_rewritten_while_no_service_runs_contradicts_its_checkpoint(
    released: Store, tmp_path: Path
) -> None:
    """No entry follows it, and the service has not seen it: its checkpoint alone knows."""
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
    rewrite(released, 2, reason="the board said so")
    shutil.rmtree(tmp_path / "state")
    with run_service(released.url, tmp_path / "state") as service:
        wait_for_problem(service, "entry 2 of the ledger was changed or deleted after it was written")


def test_the_newest_entry_that_is_deleted_while_the_service_runs_or_before_it_starts_again_is_missed(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    said = "entry 2, which was followed, is not in the ledger as it was"
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
        content = locate(released, 2).read_bytes()
        locate(released, 2).unlink()
        wait_for_problem(service, said)
        assert service.decide(asked[0]).json()["version"] == "v2.0.0"
        locate(released, 2).write_bytes(content)
        service.wait("ok")
    for path in locate(released, 2).parent.glob("000000002*"):
        path.unlink()
    with run_service(released.url, tmp_path / "state") as service:
        wait_for_problem(service, said)


def test_entries_of_before_there_were_hashes_and_those_without_a_checkpoint_are_no_problem(
    released: Store, tmp_path: Path
) -> None:
    """A command that is killed between an entry and its checkpoint leaves none."""
    for path in locate(released, 1).parent.iterdir():
        if path.suffix != ".json":
            path.unlink()
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
        deploy_versions(released, "v3.0.0")
        wait_until(lambda: service.read_health()["entry"] == 3, "entry 3", service.process)
        for path in locate(released, 3).parent.glob("000000003.*"):
            if path.suffix != ".json":
                path.unlink()
        rewrite(released, 1, reason="the board said so")
        wait_for_problem(service, "entry 1 of the ledger was changed or deleted after it was written")
        assert len(service.read_health()["problems"]) == 1


def replace_identity(store: Store, content: str) -> str:
    """Replace the file that says which store it is; return what it said."""
    file = Path(store.url) / IDENTITY_KEY
    before = file.read_text()
    file.write_text(content)
    return before


def test_a_store_that_lost_its_identity_is_a_problem_until_it_has_it_back_and_what_is_deployed_is_followed(
    service: Service, released: Store, asked: list[dict[str, Any]]
) -> None:
    before = json.loads(replace_identity(released, "{"))
    fix = "put it back from the bucket's history, or as release status says; until then nothing can be deployed"
    wait_for_problem(service, f"the store's store.json cannot be read; {fix}")
    (Path(released.url) / IDENTITY_KEY).unlink()
    gone = f"the store's store.json is gone, which named the store {before['id']}; {fix}"
    wait_for_problem(service, gone)
    assert 'service_problem{what="identity"} 1.0' in service.get("/metrics").text
    assert service.decide(asked[0]).json()["version"] == "v2.0.0"
    apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    wait_until(lambda: service.read_health()["entry"] == 3, "the rule", service.process)
    (Path(released.url) / IDENTITY_KEY).write_text(json.dumps(before | {"id": "f" * 32}))
    replaced = f"the store's store.json names the store {'f' * 32}, and this is {before['id']}; {fix}"
    wait_for_problem(service, replaced)
    replace_identity(released, json.dumps(before))
    service.wait("ok")
    told = service.log.read_text()
    assert [told.count(said) for said in (gone, replaced)] == [1, 1], "once each, not at every look"


def test_an_identity_that_was_replaced_while_no_service_ran_is_noticed_and_another_store_is_none(
    released: Store, bundles: Callable[[str], Path], tmp_path: Path
) -> None:
    """An entry that was followed tells that it is the same store."""
    with run_service(released.url, tmp_path / "state") as service:
        service.wait()
        wait_until(lambda: (tmp_path / "state/followed.json").exists(), "the followed entry", service.process)
    known = json.loads((Path(released.url) / IDENTITY_KEY).read_text())
    replace_identity(released, json.dumps(known | {"id": "f" * 32}))
    with run_service(released.url, tmp_path / "state") as service:
        wait_until(lambda: bool(service.read_health().get("problems")), "the problem", service.process)
        (problem,) = service.read_health()["problems"]
        assert f"names the store {'f' * 32}, and this is {known['id']}" in problem
    other = Store(str(tmp_path / "other"))
    publish_bundle(other, parse_version("v1.0.0"), bundles("heuristic"), "0" * 40, "tester")
    deploy_versions(other, "v1.0.0", "v1.0.0")
    with run_service(other.url, tmp_path / "state") as service:
        service.wait("ok")
