"""Ask the warm process to run a command in one's place; run it oneself where that is gone.

`python -IS client.py SOCKET FOLDER NAME ARGUMENTS…`: the programs are in FOLDER. It imports what loads in a moment: the
modules below `socket` and `signal`, as those take as long as all the rest of it, some thousand times in a run of the
tests.
"""

import _signal as signals  # type: ignore[import-not-found]
import _socket as sockets
import marshal
import os
import sys

PROGRAMS = ("dvc", "gto")
WARM = ("stages", "release", "contract_draft", "credit.", "service")
FORWARDED = (signals.SIGINT, signals.SIGTERM, signals.SIGHUP)
LENGTH = 8
"""How many bytes before a message say how many it has."""


def main() -> None:
    """Run the command; exit as it does."""
    path, folder, name, *arguments = sys.argv[1:]
    if "COLD" in os.environ or not (name in PROGRAMS or _is_warm(arguments)):
        _run_cold(folder, name, arguments)
    connection = sockets.socket(sockets.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        _run_cold(folder, name, arguments)
    asked = [name, *arguments] if name in PROGRAMS else arguments
    signals.pthread_sigmask(signals.SIG_BLOCK, FORWARDED)  # until it is known whom they are for
    folder_here = os.getcwd()  # noqa: PTH109 -- pathlib takes a while
    ask(connection, asked, folder_here, dict(os.environ), [0, 1, 2])
    process = int(_read_line(connection))
    for number in FORWARDED:
        signals.signal(number, lambda number, _: os.kill(process, number))
    signals.pthread_sigmask(signals.SIG_UNBLOCK, FORWARDED)
    code = int(_read_line(connection) or -signals.SIGKILL)
    os._exit(code if code >= 0 else 128 - code)  # as a shell tells of a signal


def ask(
    connection: sockets.socket, arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]
) -> None:
    """Ask for a command. The answer is a line with the process id, and when it has ended one with the exit code."""
    message = marshal.dumps((folder, environment, arguments))
    whole = len(message).to_bytes(LENGTH, sys.byteorder) + message
    passed = b"".join(stream.to_bytes(4, sys.byteorder) for stream in streams)
    sent = connection.sendmsg([whole], [(sockets.SOL_SOCKET, sockets.SCM_RIGHTS, passed)])
    connection.sendall(whole[sent:])


def _read_line(connection: sockets.socket) -> bytes:
    """Read up to the end of a line, or of the connection, and not a byte of the next line."""
    return b"".join(iter(lambda: connection.recv(1).strip(), b""))


def _is_warm(arguments: list[str]) -> bool:
    if arguments[:1] == ["-m"]:
        return "serve" not in arguments and "".join(arguments[1:2]).startswith(WARM)
    return "".join(arguments[:1]).startswith("stages/")


def _run_cold(folder: str, name: str, arguments: list[str]) -> None:
    program = f"{folder}/{name}"
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
