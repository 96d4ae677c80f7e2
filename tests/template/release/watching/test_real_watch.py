"""A real watch beside a real service: people come, their treatment changes, the version is taken back, it answers."""

import re
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from filled_logs import Books, Town, change_params, harm, mix_people, read_newest
from running_watch import run_watch, send

from credit.decision_log.log import DecisionLog
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.reports.live.watch_picture import WatchPicture
from testing.load import Load
from testing.parts.servers import PATIENCE, wait_until
from testing.services import Service

Command = Callable[..., tuple[int, Any]]


def test_a_version_is_taken_back_while_people_come_and_a_killed_watch_counts_nobody_twice(
    service: Service,
    released: Store,
    town: Town,
    live: LedgerEntry,
    before: LedgerEntry,
    command: Command,
    tmp_path: Path,
) -> None:
    change_params(tmp_path, poll_seconds=0.1)
    approved, lost = town.find(live, "approve", before, "approve"), town.find(live, "deny", before, "approve")
    with run_watch(tmp_path, service.url) as watching:
        black = send(service, town, mix_people(400, approved, approved))
        watching.wait_for(black)
        health = watching.read("/health")
        assert health is not None
        assert (health.status_code, health.json()["watch"], health.json()["entry"]) == (200, "quiet", 2)
        watching.process.kill()
        watching.process.wait()
        black += send(service, town, mix_people(100, approved, approved, seed=2))
        watching.start()
        watching.wait_for(black)

        send(service, town, mix_people(300, approved, lost, seed=3))
        with Load(service, town.ask(mix_people(60, approved, lost, seed=4))).run_clients(2) as load:
            wait_until(lambda: read_newest(released).number == 3, "the entry of the watch", watching.process)
            newest = read_newest(released)
            assert (newest.actor, newest.version) == ("watch", "v1.0.0")
            wait_until(lambda: load.answers[-1][1]["version"] == "v1.0.0", "an answer by the version before")
            load.wait_for(60)
        assert (load.lost, load.refused) == (0, [])
        assert {answer["version"] for _, answer in load.answers} == {"v2.0.0", "v1.0.0"}
        assert {answer["decision"] for _, answer in load.answers if answer["version"] == "v1.0.0"} == {"approve"}
        wait_until(lambda: watching.read_metrics().get('watch_entry{environment="prod"}') == 3, "a quiet watch")
        assert watching.read_metrics()['watch_actions_total{environment="prod"}'] == 1
        taken = 'watch_last_action_timestamp_seconds{environment="prod"}'
        assert watching.read_metrics()[taken] == newest.time.timestamp()
        watching.process.send_signal(signal.SIGTERM)
        assert watching.process.wait(PATIENCE) == 0
    told = (tmp_path / "watch.log").read_text()
    assert "taken back: entry 3, rollback of v1.0.0" in told
    assert "Traceback" not in told
    assert command("watch", "--env", "prod", "--once")[0] == 0
    assert Ledger(released, "prod").find_last_number() == 3


def test_health_says_when_it_does_not_look_and_metrics_are_bounded_and_described(
    books: Any, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    change_params(tmp_path, acts=False)
    harm(books, live)
    with run_watch(tmp_path, "") as watching:
        watching.wait_for(sum(1 for _, race in mix_people(500, [0], [0]) if race == "Black"))
        answer, health, other = watching.read("/metrics"), watching.read("/health"), watching.read("/")
        picture = watching.read("/picture")
        code, refused = command("watch", "--env", "prod", "--once")
    assert (code, "tells what it found at /health" in refused) == (1, True), "one process at a time has the state"
    assert answer is not None
    assert health is not None
    assert other is not None
    assert (health.json()["watch"], other.status_code) == ("alarm", 404)
    assert health.json()["told"][0] == "not taken back: watch.acts is false in params.yaml"
    assert picture is not None
    drawn = WatchPicture.model_validate_json(picture.content)
    assert (drawn.word, drawn.entry, drawn.acts, drawn.limit) == ("alarm", 2, False, 0.8)
    assert [(one.group, one.is_alarm, one.evidence >= 1) for one in drawn.groups] == [("Black", True, True)]
    assert {one.group for one in drawn.history} == {"Black"}
    assert drawn.news[0] == "not taken back: watch.acts is false in params.yaml"
    series = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert 'watch_alarm{environment="prod"} 1.0' in series
    assert 'watch_acts{environment="prod"} 0.0' in series
    of_groups = [line for line in series if 'group="' in line]
    assert len(of_groups) == 12, "one group that is large enough, in two streams"
    named = {re.split(r"[{ ]", line)[0] for line in series}
    described = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# HELP")}
    assert {name.removesuffix("_created") for name in named} <= described


def test_since_is_for_a_watch_that_has_no_state(books: Any, live: LedgerEntry, command: Command) -> None:
    harm(books, live)
    since = ("--since", (books.now).isoformat())
    code, told = command("watch", "--env", "prod", "--once", *since, "--json")
    assert (code, told["new"]) == (0, 1)
    code, told = command("watch", "--env", "prod", "--once", *since)
    assert (code, "goes on from where it was" in told) == (1, True)


def test_a_watch_that_began_with_a_moment_takes_nothing_back_for_what_was_before(
    books: Books, live: LedgerEntry, released: Store, command: Command
) -> None:
    """The service is started anew meanwhile, and so is the watch, without the option."""
    harm(books, live)
    books.log.close()
    books.log = DecisionLog(f"sqlite:///{books.state}/decisions.db", books.state)
    since = (books.now + timedelta(seconds=30)).isoformat()
    code, told = command("watch", "--env", "prod", "--once", "--since", since, "--json")
    assert (code, told["new"]) == (4, 0)
    approved = books.town.find(live, "approve", live, "approve")
    books.write(live, mix_people(40, approved, approved))
    code, told = command("watch", "--env", "prod", "--once", "--json")
    assert (code, told["new"], told["watch"]) == (0, 40, "quiet")
    assert read_newest(released) == live


def test_parameters_that_change_under_a_running_watch_are_those_that_it_watches_by(
    books: Books, live: LedgerEntry, released: Store, command: Command, tmp_path: Path
) -> None:
    change_params(tmp_path, poll_seconds=0.1, acts=False)
    harm(books, live)
    params = tmp_path / "params.yaml"

    def read(series: str) -> float | None:
        return watching.read_metrics().get(series)

    with run_watch(tmp_path, "") as watching:
        wait_until(lambda: read('watch_alarm{environment="prod"}') == 1, "an alarm", watching.process)
        valid = params.read_text(encoding="utf-8")
        concern = 'watch_concern{environment="prod",what="params"}'
        assert read(concern) == 0
        params.write_text(valid.replace("acts: false", "acts: maybe\n  act: 1"), encoding="utf-8")
        wait_until(lambda: read(concern) == 1, "a file that is not valid", watching.process)
        assert read('watch_acts{environment="prod"}') == 0
        params.write_text(valid, encoding="utf-8")
        change_params(tmp_path, at_least=0.1)
        wait_until(lambda: read('watch_ratio_limit{environment="prod"}') == 0.1, "another limit", watching.process)
        wait_until(lambda: read('watch_alarm{environment="prod"}') == 0, "no alarm by it", watching.process)
        assert read(concern) == 0
        assert read_newest(released) == live
        change_params(tmp_path, at_least=None, acts=True)
        wait_until(lambda: read_newest(released).number == 3, "the entry of the watch", watching.process)
    told = (tmp_path / "watch.log").read_text()
    assert "params: not valid, and the watch goes on by those of before: params.yaml: watch.act" in told
    assert told.count("params.yaml has changed") == 2
    assert "Traceback" not in told


def test_an_address_of_another_machine_is_refused_in_one_line(released: Store, command: Command) -> None:
    code, told = command("watch", "--env", "prod", "--host", "192.0.2.1", "--port", "0")
    assert (code, told.count("\n")) == (1, 1)
    assert "--host 192.0.2.1 --port 0: " in told
    assert "expected an address of this machine" in told


def test_once_and_replay_exclude_each_other(command: Command) -> None:
    code, told = command("watch", "--env", "prod", "--once", "--replay")
    assert (code, "not allowed with" in told) == (2, True)
