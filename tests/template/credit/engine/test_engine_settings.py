"""The engine is chosen by the variable, else by params.yaml; what is no engine is an error of one line."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from credit.common.errors import CreditError
from credit.engine.mapping import map_partitions, map_stream
from credit.engine.settings import EngineParams, read_engine
from testing.lenders.frozen import ROOT

LOCAL, REMOTE = "engine: {kind: local, partitions: 3}", "engine: {kind: dask, address: 'tcp://a:8786'}"


@pytest.mark.parametrize(
    ("params", "variable", "expected"),
    [
        (None, None, EngineParams()),
        ("data: {}", "", EngineParams()),
        (LOCAL, None, EngineParams(partitions=3)),
        (LOCAL, "tcp://b:1", EngineParams(kind="dask", address="tcp://b:1", partitions=3)),
        (REMOTE, None, EngineParams(kind="dask", address="tcp://a:8786")),
        (REMOTE, "local", EngineParams(kind="local", address="tcp://a:8786")),
        (REMOTE, "tls://[::1]:8786", EngineParams(kind="dask", address="tls://[::1]:8786")),
    ],
)
def test_the_variable_goes_before_the_block(
    params: str | None, variable: str | None, expected: EngineParams, tmp_path: Path
) -> None:
    if params is not None:
        (tmp_path / "params.yaml").write_text(params)
    variables = {} if variable is None else {"CREDIT_ENGINE": variable}
    assert read_engine(tmp_path / "params.yaml", variables) == expected


@pytest.mark.parametrize(
    ("block", "line"),
    [
        ("{kind: ray}", "params.yaml: engine.kind: found 'ray', expected 'local' or 'dask'"),
        ("{kind: dask}", "params.yaml: engine: found kind dask without an address, expected an address like tcp://"),
        ("{address: 'http://a'}", "params.yaml: engine.address: found 'http://a', expected an address like tcp://"),
        ("{address: 'tcp://a'}", "params.yaml: engine.address: found 'tcp://a', expected an address like tcp://"),
        ("{partitions: 0}", "params.yaml: engine.partitions: found 0, expected "),
        ("{workers: 2}", "params.yaml: engine.workers: unknown key"),
    ],
)
def test_a_block_that_names_no_engine_is_an_error(
    block: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(f"engine: {block}")
    with pytest.raises(CreditError) as caught:
        read_engine(variables={})
    assert str(caught.value).startswith(line)


def test_a_variable_that_names_no_engine_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        CreditError, match=r"^CREDIT_ENGINE: found 'cluster', expected local, or an address like tcp://"
    ):
        read_engine(tmp_path / "params.yaml", {"CREDIT_ENGINE": "cluster"})


def test_one_part_asks_for_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_ENGINE", "no engine at all")
    assert list(map_partitions(abs, [-1], "test")) == [1]
    assert list(map_partitions(abs, [], "test")) == []


def _map_within(number: int) -> list[int]:
    return list(map_partitions(abs, [number, -number], "within"))


def test_parts_that_a_part_maps_itself_are_computed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that waited for other workers could wait for ever."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDIT_ENGINE", raising=False)
    parts = map_partitions(_map_within, [1, 2], "test")
    assert next(parts) == [1, 1]
    monkeypatch.setenv("CREDIT_ENGINE", "no engine at all")
    assert list(parts) == [[2, 2]]


@pytest.mark.parametrize("partitions", ["1", "7", "null"])
def test_a_stream_is_never_held_whole(partitions: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parts are rows of a file of any size, not places in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREDIT_ENGINE", raising=False)
    Path("params.yaml").write_text(f"engine: {{partitions: {partitions}}}")
    made: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    most, results = 0, []
    for result in map_stream(abs, stream(), 100, "test"):
        results.append(result)
        most = max(most, len(made) - len(results) + 1)
    assert results == list(range(100))
    assert most <= 4


def test_no_local_engine_imports_dask(tmp_path: Path) -> None:
    code = (
        "import sys; from credit.engine.mapping import map_partitions, run_tasks; from joblib import delayed\n"
        "assert list(map_partitions(abs, [-1, -2, -3], 'test')) == [1, 2, 3]\n"
        "assert run_tasks([delayed(abs)(-1)] * 2, 'test') == [1, 1]\n"
        "import stages.fairness, stages.validate, stages.predict, stages.find_alternatives, stages.check_contract\n"
        "import service.commands.score, release.watching.replay\n"
        "print(sorted({'distributed', 'credit.engine.cluster'} & set(sys.modules)))"
    )
    env = {"PYTHONPATH": str(ROOT), "JOBLIB_TEMP_FOLDER": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_page_shows_a_block_that_is_taken_and_a_manifest_that_starts_what_is_compared() -> None:
    text = (ROOT / "docs/scaling.md").read_text()
    block, manifest = (yaml.safe_load(part.partition("```")[0]) for part in text.split("```yaml\n")[1:])
    assert EngineParams.model_validate(block["engine"]).kind == "dask"
    pods = [manifest["spec"][part]["spec"] for part in ("worker", "scheduler")]
    for pod in pods:
        (container,) = pod["containers"]
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert container["workingDir"] == variables["PYTHONPATH"] == container["volumeMounts"][0]["mountPath"]
        assert container["image"] == pods[0]["containers"][0]["image"]
    assert {"name": "OPENBLAS_NUM_THREADS", "value": "1"} in pods[0]["containers"][0]["env"]
    assert "python -m credit.engine" in (ROOT / "Makefile").read_text()
