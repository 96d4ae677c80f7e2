"""Load the libraries, then run each command that is asked for in a fork: `python testing/warm/server.py SOCKET`."""

import atexit
import gc
import marshal
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import typing
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ENTRY_POINTS = {"dvc": "main", "gto": "app"}
"""The programs that are asked for by their names, and the function in their module `cli`."""

LIBRARIES = (
    "alembic.command",
    "configobj",
    "cryptography.hazmat.primitives.serialization.ssh",
    "duckdb",
    "dulwich.ignore",
    "dulwich.index",
    "dulwich.trailers",
    "dulwich.wildmatch",
    "dulwich.worktree",
    "dvc._debug",
    "dvc.cachemgr",
    "dvc.cli.parser",
    "dvc.data_cloud",
    "dvc.dirs",
    "dvc.lock",
    "dvc.repo.artifacts",
    "dvc.repo.datasets",
    "dvc.repo.graph",
    "dvc.repo.index",
    "dvc.repo.metrics",
    "dvc.repo.open_repo",
    "dvc.repo.params",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "dvc.repo.stage",
    "dvc.repo.status",
    "dvc.repo.trie",
    "dvc.rwlock",
    "dvc_data.hashfile._progress",
    "dvc_data.hashfile.db.local",
    "dvc_data.hashfile.status",
    "dvc_data.index",
    "dvc_data.index.checkout",
    "fastapi_offline",
    "fsspec.implementations.memory",
    "great_expectations",
    "great_expectations.datasource.fluent",
    "gto.cli",
    "jinja2",
    "joblib",
    "networkx",
    "obstore",
    "onnxruntime",
    "pandas",
    "platformdirs",
    "prometheus_client.multiprocess",
    "psutil",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pydantic",
    "requests",
    "rich.console",
    "rich.table",
    "ruamel.yaml",
    "scipy.cluster",
    "scipy.optimize",
    "scipy.stats",
    "skl2onnx",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "skops.io",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "yaml",
)


def serve(path: str) -> None:
    """Fork for each command, until whoever started this closes stdin."""
    for name in LIBRARIES:
        import_module(name)
    sys.dont_write_bytecode = True  # forks remember code by its text, wherever the clone is
    typing._cleanups.clear()  # type: ignore[attr-defined]  # nanobind empties caches at each exit, 10 ms for no file
    import_module("client")
    _hasten(Path(path).with_name("remembered"))
    gc.collect()
    gc.freeze()  # else a collection in each fork copies every page
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    ended, wakeup = _watch_children()
    asking: dict[int, socket.socket] = {}
    print("ready", flush=True)
    with selectors.DefaultSelector() as selector:
        for source in (0, listening, ended):
            selector.register(source, selectors.EVENT_READ)
        while 0 not in (ready := [key.fileobj for key, _ in selector.select()]):
            if ended in ready:
                ended.recv(1 << 10)
                _tell_how_they_ended(asking)
            if listening in ready:
                connection, _ = listening.accept()
                if (process := os.fork()) == 0:
                    signal.set_wakeup_fd(-1)
                    selector.close()
                    for one in (listening, ended, wakeup, *asking.values()):
                        one.close()
                    _run_command(connection)
                asking[process] = connection


def _hasten(folder: Path) -> None:
    """Let the forks remember in a folder what they parse, print and compile."""
    remembered = import_module("remembered").Remembered(folder)
    import_module("lock_files").hasten_lock_file(remembered)
    import_module("hastened").hasten_parsing(remembered)
    import_module("hastened").hasten_folders()
    import_module("hastened").hasten_imports(remembered)
    import_module("hastened").prepare_commands()


def _watch_children() -> tuple[socket.socket, socket.socket]:
    """Have a byte in the first socket, which the second one writes, for each process that ends."""
    ended, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    return ended, wakeup


def _tell_how_they_ended(asking: dict[int, socket.socket]) -> None:
    """Tell whoever asked for a process that has ended its exit code, the negative number of a signal where one did."""
    while asking:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        with asking.pop(process) as connection, suppress(OSError):  # gone, with whoever asked
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run_command(connection: socket.socket) -> NoReturn:
    """Take the place of the process that asks, with its streams, folder and environment; tell it the exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    folder, environment, arguments, streams = _receive(connection)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = _open_streams()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    connection.sendall(f"{os.getpid()}\n".encode())
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    code = _run(arguments)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _receive(connection: socket.socket) -> tuple[str, dict[str, str], list[str], list[int]]:
    """Receive what is asked for: the folder, the environment, the arguments, and the standard streams."""
    head: int = import_module("client").LENGTH
    message, streams, *_ = socket.recv_fds(connection, 1 << 20, 3)
    while len(message) < head or len(message) < head + int.from_bytes(message[:head], sys.byteorder):
        more = connection.recv(1 << 20)
        if not more:
            os._exit(1)  # whoever asked is gone
        message += more
    folder, environment, arguments = marshal.loads(message[head:])
    return folder, environment, arguments, streams


def _open_streams() -> list[Any]:
    streams = [open(0, closefd=False)]  # noqa: SIM115 -- they stay open
    for target in (1, 2):
        errors = "strict" if target == 1 else "backslashreplace"
        line_buffering = target == 2 or os.isatty(1)
        streams.append(os.fdopen(target, "w", encoding="utf-8", errors=errors, closefd=False))
        streams[-1].reconfigure(line_buffering=line_buffering)
    return streams


def _end_with(connection: socket.socket) -> None:
    """End this process and what it started when the one that asked for it is gone."""
    with suppress(OSError):  # reset, where it was killed before it read the process id
        connection.recv(1)
    os.killpg(0, signal.SIGKILL)


def _run(arguments: list[str]) -> int:
    """Run `FILE.py …` or `-m MODULE …`, as Python does, or a program of `ENTRY_POINTS`; return the exit code."""
    try:
        if arguments[0].endswith(".py"):
            sys.argv = arguments
            sys.path[0] = str(Path(arguments[0]).resolve().parent)
            runpy.run_path(arguments[0], run_name="__main__")
        elif arguments[0] == "-m":
            sys.argv = arguments[1:]
            sys.path[:1] = [str(Path.cwd()), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            sys.path[0] = str(Path(sys.executable).parent)
            sys.exit(import_module(f"{arguments[0]}.cli").__dict__[ENTRY_POINTS[arguments[0]]]())
    except SystemExit as stop:
        code = stop.code
    except BaseException:  # noqa: BLE001 -- as an interpreter ends
        traceback.print_exc()
        code = 1
    else:
        code = 0
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as an interpreter that ends does
    atexit._run_exitfuncs()
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        return 1
    return (code or 0) & 255


if __name__ == "__main__":
    serve(sys.argv[1])
