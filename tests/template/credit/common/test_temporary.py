"""Temporary folders: gone at the end, and those of a process that was killed when the next one makes its own."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from credit.common.temporary import make_temporary_folder

KILLED = """
import os, signal
from credit.common.temporary import make_temporary_folder
with make_temporary_folder() as folder:
    (folder / "bundle").mkdir()
    (folder / "bundle" / "model.onnx").write_bytes(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with make_temporary_folder() as living:
        (living / "file").touch()
        env = {"TMPDIR": str(tmp_path), "PYTHONPATH": "."}
        done = subprocess.run([sys.executable, "-c", KILLED], env=env, check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 4
        with make_temporary_folder() as own:
            assert {path.stem for path in tmp_path.iterdir()} == {living.name, own.name}
        assert (living / "file").exists()
    assert list(tmp_path.iterdir()) == []
