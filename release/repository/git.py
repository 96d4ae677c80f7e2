"""Run git commands, with a time limit; a refusal is one line."""

import getpass
import os
import re
import socket
import subprocess
import unicodedata

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import WATCH_ACTOR
from credit.registry.records import remove_control_characters

_EXPERIMENT = re.compile(r"([0-9a-f]+) refs/exps/([0-9a-f]{2})/([0-9a-f]{38,})/(.+)")

_IDENTITY_FIX = 'git config --global user.name "Your Name", and user.email'
_FIXES = {"not a git repository": "run this in a clone of the project", "Please tell me who you are": _IDENTITY_FIX}
"""How to fix what git complains of, by a part of its complaint."""

_TIMEOUT_SECONDS = 20
"""Seconds that a command may take. A remote that hangs must not hold up a rollback."""


def run_git(*arguments: str, stdin: str | None = None, date: str | None = None) -> str:
    """Run a git command and return what it prints. `date`: of a tag. Raises CreditError with git's complaint."""
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")}
    english = {"LC_ALL": "C.UTF-8", "LANGUAGE": ""}  # complaints are found by their words
    dated = {"GIT_COMMITTER_DATE": date} if date else {}
    command = ["git", "--no-optional-locks", "--literal-pathspecs", *arguments]  # a file may be called *
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # of a tag that somebody wrote in another encoding; it must not hold up a rollback
            timeout=_TIMEOUT_SECONDS,
            check=True,
            env=os.environ | quiet | english | dated,
        )
    except FileNotFoundError:
        raise CreditError(Problem("git", "is not on the PATH", fix="install it")) from None
    except OSError as error:
        raise CreditError(Problem("git", f"does not start: {error}")) from None
    except subprocess.TimeoutExpired:
        raise CreditError(Problem(f"git {arguments[0]}", f"timed out after {_TIMEOUT_SECONDS} seconds")) from None
    except subprocess.CalledProcessError as error:
        raise CreditError(_name_failure(arguments[0], error)) from None
    return done.stdout


def _name_failure(command: str, error: subprocess.CalledProcessError) -> Problem:
    """Take the line by which git says why it failed."""
    lines = [line for line in error.stderr.splitlines() if line.strip()] or [f"exit code {error.returncode}"]
    line = next((line for line in lines if line.startswith(("fatal:", "error:", " ! "))), lines[-1])
    fix = next((fix for part, fix in _FIXES.items() if part in error.stderr), "")
    return Problem(f"git {command}", line.strip(), fix=fix)


def is_in_repository() -> bool:
    """Tell whether there is a git repository here with at least one commit."""
    try:
        run_git("rev-parse", "--verify", "--quiet", "HEAD")
    except CreditError:
        return False
    return True


def require_committer() -> None:
    """Raise CreditError unless git knows who commits and tags here."""
    try:
        run_git("var", "GIT_COMMITTER_IDENT")
    except CreditError:
        raise CreditError(Problem("git", "nobody's name and address", "yours", _IDENTITY_FIX)) from None


def has_origin() -> bool:
    """Tell whether the repository has a remote named origin."""
    return "origin" in run_git("remote").split()


def resolve_commit(revision: str) -> str:
    """Resolve a revision to the full hash of its commit. Raises CreditError when there is no such commit."""
    return run_git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()


def find_experiments(name: str) -> dict[str, str]:
    """Find DVC's experiments of a name: the commit of each by the hash of the commit that it started from.

    DVC keeps an experiment as the ref refs/exps/<2 digits of that hash>/<the other 38>/<name>.
    """
    listed = run_git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps/").splitlines()
    found = (_EXPERIMENT.fullmatch(line) for line in listed)
    return {match[2] + match[3]: match[1] for match in found if match and match[4] == name}


def list_files_at(commit: str, *paths: str) -> list[str]:
    """List the files of a commit, below some paths if any are named, whatever characters are in their names."""
    return run_git("ls-tree", "-r", "-z", "--name-only", commit, *paths).split("\0")[:-1]


def read_text_at(commit: str, path: str) -> str | None:
    """Read a file as it was at a commit; None when it was not there."""
    try:
        return run_git("show", f"{commit}:{path}")
    except CreditError:
        return None


def find_actor() -> str:
    """Find who runs this: on GitHub the one who started the workflow, else git's user, else the system's.

    Raises CreditError for the name by which the watch writes.
    """
    for variable in ("RELEASE_ACTOR", "GITHUB_ACTOR"):
        if name := remove_control_characters(os.environ.get(variable, "")):
            return require_person(name, variable)
    try:
        name = remove_control_characters(run_git("var", "GIT_COMMITTER_IDENT").rpartition(" <")[0])
    except CreditError:
        return f"{_find_user()} on {socket.gethostname()}"
    return require_person(name, "git's user.name")


def find_rescuer() -> str:
    """Find who runs this, as `find_actor`; else the user of the machine: no rescue waits for a name."""
    try:
        return find_actor()
    except CreditError:
        return f"{_find_user()} on {socket.gethostname()}"


def require_person(name: str, where: str) -> str:
    """Return the name of a person. Raises CreditError for the one by which the watch writes, or that looks like it."""
    shown = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name)))
    if shown.casefold() == WATCH_ACTOR:
        found = f"{name}, by which nobody writes but release watch"
        raise CreditError(Problem(where, found, "the name of a person", "RELEASE_ACTOR=YOUR_NAME, or git's user.name"))
    return name


def _find_user() -> str:
    """Find the system's name of the user, else the number: in a container there may be no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
