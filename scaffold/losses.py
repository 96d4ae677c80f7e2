"""Find files of a project that an update took away or replaced whole, though the project had changed them."""

from pathlib import Path

from release.repository.git import run_git


def list_unmerged(project: Path) -> list[str]:
    """List the files that are gone since HEAD, or binary and changed: copier merges neither, and says nothing of it."""
    gone = _diff(project, "--name-only", "--diff-filter=D")
    counted = [line.split("\t") for line in _diff(project, "--numstat", "--diff-filter=M")]
    return sorted([*gone, *(name for added, _, name in counted if added == "-")])


def keep_changed_files(project: Path, unmerged: list[str], old: Path) -> list[str]:
    """Keep the project's files where the template has no news; returns those that it changed as well as the template.

    `old`: the template as the project had it, with the project's answers.
    """
    replaced = []
    for name in unmerged:
        before = _hash(project, old / name, name)
        if before == run_git("-C", str(project), "rev-parse", f"HEAD:{name}").strip():
            continue  # the project never changed it
        if before is not None and before == _hash(project, project / name, name):
            run_git("-C", str(project), "checkout", "--quiet", "HEAD", "--", name)
        else:
            replaced.append(name)
    return replaced


def _diff(project: Path, *options: str) -> list[str]:
    return run_git("-C", str(project), "diff", "--no-renames", "-z", *options, "HEAD").split("\0")[:-1]


def _hash(project: Path, path: Path, name: str) -> str | None:
    """Hash a file as git has it under its name in the project; None without one."""
    if not path.is_file():
        return None
    return run_git("-C", str(project), "hash-object", "--path", name, "--", str(path)).strip()
