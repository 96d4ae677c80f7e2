"""Git as this package needs it: a few commands, with a time limit, and refusals in one line."""

import getpass
import os
import socket
import subprocess

from credit.common.errors import CreditError, Problem
from credit.registry.records import remove_control_characters

TIMEOUT_SECONDS = 20
"""Seconds that a command may take. A remote that hangs must not hold up a rollback."""


def run_git(*arguments: str, stdin: str | None = None, date: str | None = None) -> str:
    """What a git command prints. `date` is that of a tag. Raises CreditError with what it complains about."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")}
    dated = {"GIT_COMMITTER_DATE": date} if date else {}
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # of a tag that somebody wrote in another encoding; it must not hold up a rollback
            timeout=TIMEOUT_SECONDS,
            check=True,
            env=os.environ | quiet | dated,
        )
    except FileNotFoundError:
        raise CreditError(Problem("git", "no such program", "git on the PATH")) from None
    except OSError as error:
        raise CreditError(Problem("git", str(error), "a program that starts")) from None
    except subprocess.TimeoutExpired:
        raise CreditError(
            Problem(f"git {arguments[0]}", f"no end after {TIMEOUT_SECONDS} seconds", "an answer")
        ) from None
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.strip()] or [f"exit code {error.returncode}"]
        line = next((line for line in said if line.startswith(("fatal:", "error:", " ! "))), said[-1])
        expected = "a clone of the project" if "not a git repository" in line else "it to succeed"
        raise CreditError(Problem(f"git {arguments[0]}", line.strip(), expected)) from None
    return done.stdout


def is_in_repository() -> bool:
    """Whether there is a git repository here with at least one commit."""
    try:
        run_git("rev-parse", "--verify", "--quiet", "HEAD")
    except CreditError:
        return False
    return True


def has_origin() -> bool:
    """Whether the repository knows where it came from."""
    return "origin" in run_git("remote").split()


def resolve_commit(revision: str) -> str:
    """The full hash of the commit that a revision names. Raises CreditError when there is no such commit."""
    return run_git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()


def read_text_at(commit: str, path: str) -> str | None:
    """A file as it was at a commit; None when it was not there."""
    try:
        return run_git("show", f"{commit}:{path}")
    except CreditError:
        return None


def find_actor() -> str:
    """Who runs this: on GitHub the one who started the workflow, else git's user, else the system's."""
    if name := remove_control_characters(os.environ.get("RELEASE_ACTOR") or os.environ.get("GITHUB_ACTOR") or ""):
        return name
    try:
        return remove_control_characters(run_git("var", "GIT_COMMITTER_IDENT").rpartition(" <")[0])
    except CreditError:
        return f"{_find_user()} on {socket.gethostname()}"


def _find_user() -> str:
    """The system's name of the user, else the number: in a container there may be no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
