"""The command line of the service: help, keys, and what a subcommand imports."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from service.__main__ import VERBS, main
from service.commands.key import VERBS as KEY_VERBS
from testing.warm.commands import find_warm_commands


@pytest.mark.parametrize("command", VERBS)
def test_every_subcommand_has_help_with_an_example(command: str) -> None:
    words = [str(find_warm_commands() / "python"), "-m", "service", command, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert f"python -m service {command}" in done.stdout.partition("example:\n")[2]


@pytest.mark.parametrize("command", KEY_VERBS)
def test_every_subcommand_about_keys_has_help_with_an_example(command: str) -> None:
    shown = key(command, "--help").stdout
    assert f"python -m service key {command}" in shown.partition("example:\n")[2]
    module = import_module(f"service.commands.keys.{command}")
    assert (module.__doc__ or "").partition("\n")[0] == KEY_VERBS[command]


def test_help_says_of_each_subcommand_what_its_file_says() -> None:
    for name, line in VERBS.items():
        assert line == (import_module(f"service.commands.{name.replace('-', '_')}").__doc__ or "").partition("\n")[0]


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("keys.make", {"fastapi", "starlette", "sqlalchemy", "uvicorn", "prometheus_client", "onnxruntime"}),
        ("serve", {"fastapi", "starlette", "prometheus_client", "onnxruntime"}),
        ("replay", {"fastapi", "starlette", "uvicorn", "prometheus_client"}),
        ("verify_log", {"fastapi", "starlette", "uvicorn", "prometheus_client", "onnxruntime"}),
        ("score", {"fastapi", "starlette", "uvicorn", "prometheus_client"}),
        ("example", {"fastapi", "starlette", "uvicorn", "prometheus_client"}),
    ],
)
def test_a_subcommand_imports_no_web_framework_before_it_serves(command: str, unneeded: set[str]) -> None:
    """Of prometheus_client this is more than time: it reads a variable that `serve` sets for several workers."""
    code = f"import sys, service.commands.{command}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not unneeded & set(done.stdout.split())


def key(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    words = [str(find_warm_commands() / "python"), "-m", "service", "key", *arguments]
    without = {name: value for name, value in os.environ.items() if not name.startswith("SERVICE_")}
    return subprocess.run(words, env=without | env, capture_output=True, text=True, check=False)


def test_a_key_is_printed_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    done = key("make", "office", "--role", "watch", "--role", "decide", "--role", "watch", SERVICE_KEYS_FILE=str(file))
    assert done.stdout.startswith("ck_")
    assert done.stdout.count("\n") == 1
    assert done.stderr.startswith("this is shown once")
    (kept,) = json.loads(file.read_text())
    assert (kept["name"], kept["roles"]) == ("office", ["watch", "decide"])
    assert done.stdout.strip() not in file.read_text()
    again = key("make", "office", "--role", "watch", "--file", str(file))
    assert (again.returncode, again.stdout) == (1, "")
    assert "found a key of that name, expected a new name; python -m service key rotate office" in again.stderr


@pytest.mark.parametrize("env", [{}, {"SERVICE_KEYS_FILE": ""}])
def test_a_key_needs_a_file(env: dict[str, str]) -> None:
    done = key("make", "office", "--role", "watch", **env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: --file: found nothing, expected a file for the hashes; or set SERVICE_KEYS_FILE\n"


def test_variables_that_are_files_are_set_before_a_subcommand_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setenv("SERVICE_SECRETS", str(tmp_path))
    (tmp_path / "SERVICE_KEYS_FILE").write_text(str(tmp_path / "keys.json"))
    with pytest.raises(SystemExit) as left:
        main(["key", "make", "office", "--role", "watch"])
    assert not left.value.code
    assert capsys.readouterr().out.startswith("ck_")
    assert (tmp_path / "keys.json").exists()
