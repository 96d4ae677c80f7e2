"""Ask the warm process to run a command in one's place; run it oneself where that is gone.

`python -IS client.py SOCKET FOLDER NAME ARGUMENTS…`: the programs are in FOLDER. It imports what loads in a moment.
"""

import json
import os
import signal
import socket
import sys

PROGRAMS = ("dvc", "gto")
WARM = ("stages", "release", "contract_draft", "credit.", "service")
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the command; exit as it does."""
    path, folder, name, *arguments = sys.argv[1:]
    if "COLD" in os.environ or not (name in PROGRAMS or _is_warm(arguments)):
        _run_cold(folder, name, arguments)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(path)
    except OSError:
        _run_cold(folder, name, arguments)
    asked = [name, *arguments] if name in PROGRAMS else arguments
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until it is known whom they are for
    folder_here = os.getcwd()  # noqa: PTH109 -- pathlib takes a while
    ask(connection, asked, folder_here, dict(os.environ), [0, 1, 2])
    answers = connection.makefile()
    process = int(answers.readline())
    for number in FORWARDED:
        signal.signal(number, lambda number, _: os.kill(process, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    code = int(answers.readline() or -signal.SIGKILL)
    os._exit(code if code >= 0 else 128 - code)  # as a shell tells of a signal


def ask(
    connection: socket.socket, arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]
) -> None:
    """Ask for a command. The answer is a line with the process id, and when it has ended one with the exit code."""
    message = json.dumps({"folder": folder, "environment": environment, "arguments": arguments}).encode() + b"\n"
    sent = socket.send_fds(connection, [message], streams)
    connection.sendall(message[sent:])


def _is_warm(arguments: list[str]) -> bool:
    if arguments[:1] == ["-m"]:
        return "serve" not in arguments and "".join(arguments[1:2]).startswith(WARM)
    return "".join(arguments[:1]).startswith("stages/")


def _run_cold(folder: str, name: str, arguments: list[str]) -> None:
    program = f"{folder}/{name}"
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
