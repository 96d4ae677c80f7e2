"""The file CODEOWNERS: every path that judges has an owner, by the same table by which a change is judged."""

import re
from collections.abc import Sequence

from release.judge import scope

FILE = ".github/CODEOWNERS"
MARKER = "# Written by `release codeowners`."

_OWNER = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9-]*)(?:/[\w.-]+)?|[^\s@#]+@[^\s@#]+\.[^\s@#]+")


def is_owner(name: str) -> bool:
    """Tell whether GitHub reads a name as a user, a team or an address."""
    return _OWNER.fullmatch(name) is not None


def render_owners(owners: Sequence[str]) -> str:
    """Render the file. The last line that matches a path counts: everything is owned but what a change may bring.

    The training code, params.yaml and the contracts are owned too: what they do to the judge is a part of them.
    """
    free, named = (*scope.HARMLESS, *scope.RESULTS, scope.DATA), " ".join(owners)
    lines = [
        f"{MARKER} Everything has an owner but what judges nothing.",
        f"* {named}",
        *(f"/{path}" for path in sorted(free)),
        "# Files that a tool obeys wherever they lie.",
        *(f"{name} {named}" for name in (*sorted(scope.STEERING_FILES), "*.dvc")),
        f"/{scope.DATA}*.dvc",
        *(f"/{path}" for path in sorted(free) if path.rpartition("/")[2] in scope.STEERING_FILES),
    ]
    return "\n".join(lines) + "\n"
