"""What the commands print can be typed in a project with its own names of the model and of the environments."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from credit.registry.names import ARTIFACT, parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.commands import publish as publish_command
from release.commands import register as register_command
from testing.lenders.frozen import ROOT

V1 = parse_version("v1.0.0")


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of a project that answered otherwise; the commands' own parts are elsewhere tested."""
    for command in (publish_command, register_command):
        monkeypatch.setattr(command, "ENVIRONMENTS", ("test", "prod"))
    monkeypatch.setattr(register_command, "ARTIFACT", "loan-model")


def test_what_comes_after_publishing_names_the_first_environment(
    disk: Store, publish: Callable[..., VersionRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    record = publish(disk, "v1.0.0", "heuristic", "0" * 40)
    monkeypatch.setattr(publish_command, "open_store", lambda make: disk)
    monkeypatch.setattr(publish_command, "publish_version", lambda *_: (record, True))
    answer = publish_command.run.callback("v1.0.0", dry_run=False)  # type: ignore[misc]
    assert "next:  release deploy v1.0.0 --env test --reason" in answer.text


def test_what_undoes_a_registration_names_the_model_and_what_comes_next_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = {
        "choose_version": lambda *_: (V1, SimpleNamespace(part="major", why="the first")),
        "check_readiness": lambda *_: SimpleNamespace(problems=[], notes=[], commit="0" * 40, digest="0" * 64),
        "sign_version": lambda *_: None,
        "register_version": lambda *_: None,
    }
    for name, part in parts.items():
        monkeypatch.setattr(register_command, name, part)
    monkeypatch.setattr(register_command.tags, "read_registry", lambda: None)
    answer = register_command.run.callback("first", None, False, False, False)  # type: ignore[misc]
    assert "undo:  gto deprecate loan-model v1.0.0" in answer.text
    assert "next:  release deploy v1.0.0 --env test --reason" in answer.text


def test_no_command_says_the_templates_name_of_the_model_where_one_types_it() -> None:
    texts = {path.name: path.read_text() for path in (ROOT / "release/commands").glob("*.py")}
    assert {name for name, text in texts.items() if "gto deprecate {ARTIFACT} " in text} == {"register.py", "sync.py"}
    assert not [name for name, text in texts.items() if f"gto deprecate {ARTIFACT}" in text]
