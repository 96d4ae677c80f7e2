"""Servers that are measured: the service, FastAPI by itself, and MLflow with the same forest."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from bench.project import ROOT
from credit.common.errors import CreditError, Problem
from testing.parts.servers import find_free_ports


class Server(NamedTuple):
    """A server's address, and the number of its process."""

    url: str
    process: int

    def fetch_json(self, path: str) -> Any:
        """Fetch an answer in JSON."""
        with urlopen(self.url + path, timeout=5) as answer:
            return json.load(answer)

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.url.rsplit(":", 1)[1])

    @property
    def processor_seconds(self) -> float:
        """Seconds of the processor that it has used."""
        times = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def loop_seconds(self) -> float:
        """Seconds of the processor that the thread of the event loop has used, which is that of the process."""
        return int(Path(f"/proc/{self.process}/task/{self.process}/schedstat").read_text().split()[0]) / 1e9

    @property
    def sockets(self) -> int:
        """Sockets that it has open."""
        found = 0
        for file in Path(f"/proc/{self.process}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                found += str(file.readlink()).startswith("socket:")
        return found

    @property
    def resident(self) -> float:
        """Resident memory in MiB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def run_service(store: str, folder: Path, workers: int) -> Iterator[Server]:
    """Run the service on a store."""
    (port,) = find_free_ports(1)
    settings = {"PORT": str(port), "STATE": str(folder / f"state-{workers}"), "WORKERS": str(workers)}
    env = os.environ | {"RELEASE_STORE": store} | {f"SERVICE_{name}": value for name, value in settings.items()}
    with run_server([sys.executable, "-m", "service", "serve"], env, port, "/health/ready", folder) as server:
        yield server


@contextmanager
def run_constant(folder: Path) -> Iterator[Server]:
    """Run FastAPI by itself."""
    (port,) = find_free_ports(1)
    command = [sys.executable, "-m", "uvicorn", "bench.constant:APP", "--no-access-log", "--port", str(port)]
    with run_server(command, os.environ, port, "/openapi.json", folder) as server:
        yield server


@contextmanager
def run_mlflow(row: Path, folder: Path) -> Iterator[Server]:
    """Run MLflow, one worker, in an environment of its own (made in a minute or two); `row` as it takes it."""
    import sklearn

    print("  an environment with mlflow …", file=sys.stderr)
    python, model, (port,) = folder / "mlflow/bin/python", folder / "model", find_free_ports(1)
    needed = ["mlflow", f"scikit-learn=={sklearn.__version__}", "skops", "pyyaml"]
    subprocess.run([sys.executable, "-m", "venv", folder / "mlflow"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *needed], check=True, stderr=subprocess.DEVNULL)
    own = {"PYTHONPATH": str(ROOT), "PATH": f"{python.parent}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    candidate = ROOT / "models/candidates/random_forest.skops"
    made = [str(python), "-m", "bench.mlflow_model", *map(str, (candidate, row, model))]
    subprocess.run(made, check=True, env=os.environ | own, cwd=folder, capture_output=True)
    command = [str(python), "-m", "mlflow", "models", "serve", "--model-uri", str(model), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--env-manager", "local", "--workers", "1"]
    with run_server(command, os.environ | own, port, "/ping", folder) as server:
        yield server


@contextmanager
def run_server(
    command: list[str], env: Mapping[str, str], port: int, ready: str, folder: Path, home: Path = ROOT
) -> Iterator[Server]:
    """Run a server until the block ends, in a process group of its own, because some start other processes."""
    log, url = folder / "server.log", f"http://127.0.0.1:{port}"
    with log.open("ab") as file:
        process = subprocess.Popen(command, cwd=home, env=env, stdout=file, stderr=file, start_new_session=True)
    try:
        deadline = time.monotonic() + 120
        while not _is_answering(url + ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CreditError(Problem(" ".join(command[1:4]), f"did not start: {log.read_text()[-300:]}"))
            time.sleep(0.2)
        yield Server(url, process.pid)
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _is_answering(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):
            return True
    except OSError:
        return False
