"""The rules of the house: who may import whom, how much fits into a folder, and what an import may do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from testing.imports import ROOT, find_closure, find_imports, list_libraries, list_source_files, name_folder

BASE = {"credit/common", "credit/engine", "credit/reports", "credit/contract", "credit/data", "credit/scoring"}
MODEL = BASE | {"credit/bundle", "credit/selection", "credit/evaluation"}
JUDGED = MODEL | {"credit/training", "credit/fairness", "credit/registry"}
LIBRARY = JUDGED | {
    "credit/validation",
    "credit/learning",
    "credit/alternatives",
    "credit/choice",
    "credit/stability",
    "credit/packaging",
    "credit/report",
    "credit/decision_log",
    "credit/check",
}
DRAFT = {
    "credit/common",
    "credit/contract",
    "credit/data",
    "credit/selection",
    "contract_draft",
    "contract_draft/names",
    "contract_draft/values",
}
RELEASE = BASE | {
    "credit/bundle",
    "credit/evaluation",
    "credit/fairness",
    "credit/registry",
    "release/repository",
    "release/running",
}
SERVICE = BASE | {"credit/bundle", "credit/registry", "credit/decision_log", "service"}

ARROWS: dict[str, set[str]] = {
    "credit/common": set(),
    "credit/engine": {"credit/common"},
    "credit/reports": {"credit/common"},
    "credit/contract": {"credit/common", "credit/reports"},
    "credit/data": {"credit/common", "credit/reports", "credit/contract"},
    "credit/validation": {"credit/common", "credit/reports", "credit/contract", "credit/data"},
    "credit/scoring": BASE,
    "credit/bundle": BASE,
    "credit/selection": BASE | {"credit/training"},
    "credit/evaluation": BASE,
    "credit/training": MODEL - {"credit/selection"},
    "credit/candidates": {"credit/common", "credit/training"},
    "credit/fairness": MODEL,
    "credit/registry": MODEL,
    "credit/alternatives": JUDGED | {"credit/candidates"},
    "credit/choice": MODEL | {"credit/fairness"},
    "credit/learning": MODEL | {"credit/training"},
    "credit/stability": JUDGED | {"credit/choice"},
    "credit/packaging": JUDGED,
    "credit/report": JUDGED,
    "credit/decision_log": JUDGED,
    "credit/check": JUDGED
    | {"credit/alternatives", "credit/choice", "credit/learning", "credit/stability", "credit/validation"}
    | {"scenario", "watch"},
    "credit/stage_seconds.py": set(),
    "credit": LIBRARY | {"credit/stage_seconds.py"},
    "scenario": {"credit/common", "credit/reports"},
    "contract_draft/values": {"credit/common", "credit/contract", "credit/data"},
    "contract_draft/names": {"contract_draft/values"},
    "contract_draft": DRAFT - {"contract_draft"},
    "contract_draft/questions": DRAFT,
    "contract_draft/document": DRAFT | {"contract_draft/questions"},
    "contract_draft/draft.py": DRAFT | {"contract_draft/questions", "contract_draft/document"},
    "contract_draft/dialog": DRAFT | {"contract_draft/questions", "contract_draft/document", "contract_draft/draft.py"},
    "contract_draft/__main__.py": DRAFT
    | {"contract_draft/questions", "contract_draft/draft.py", "contract_draft/dialog", "credit/check"},
    "stages": LIBRARY - {"credit/registry", "credit/decision_log"} | {"credit/stage_seconds.py", "scenario"},
    "service": SERVICE,
    "service/engine": SERVICE,
    "service/deciding": SERVICE | {"service/engine"},
    "service/shadow": SERVICE,
    "service/challenge": SERVICE | {"service/engine", "service/shadow"},
    "service/connections": SERVICE,
    "service/access": SERVICE,
    "service/metrics.py": SERVICE
    | {"service/deciding", "service/engine", "service/exposed_metrics.py", "service/shadow"},
    "service/api": SERVICE
    | {"service/access", "service/challenge", "service/deciding", "service/engine", "service/metrics.py"}
    | {"service/shadow"},
    "service/page": SERVICE
    | {"service/api", "service/deciding", "service/engine", "service/exposed_metrics.py", "service/metrics.py"}
    | {"service/challenge", "service/shadow"},
    "service/exposed_metrics.py": SERVICE,
    "service/batch": SERVICE | {"service/engine"},
    "service/people": SERVICE,
    "service/export": SERVICE | {"service/batch", "service/people"},
    "service/commands": SERVICE
    | {
        "service/access",
        "service/api",
        "service/batch",
        "service/connections",
        "service/engine",
        "service/export",
        "service/metrics.py",
        "service/people",
    },
    "service/reloading.py": SERVICE | {"service/access", "service/connections"},
    "service/app.py": SERVICE
    | {"service/access", "service/api", "service/challenge", "service/connections", "service/deciding"}
    | {"service/engine"}
    | {"service/metrics.py", "service/page", "service/reloading.py", "service/shadow"},
    "release": {"credit/common"},
    "release/running": set(),
    "release/repository": RELEASE,
    "release/registration": RELEASE | {"release/compare", "release/deployment", "release/judge"},
    "release/deployment": RELEASE,
    "release/drill": RELEASE | {"credit/decision_log", "release/deployment"},
    "release/compare": RELEASE,
    "release/blame": RELEASE | {"credit/report", "release/compare"},
    "release/judge": RELEASE | {"credit/choice", "credit/stability", "release/compare"},
    "release/oncall": RELEASE | {"credit/decision_log", "release/deployment"},
    "release/evidence": RELEASE | {"release/compare", "release/registration"},
    "release/watching": RELEASE
    | {"credit/decision_log", "release/deployment", "release/oncall", "watch", "watch/outcomes"},
    "release/challenge": RELEASE
    | {
        "credit/decision_log",
        "release/deployment",
        "release/oncall",
        "release/watching",
        "watch",
        "watch/challenge",
    },
    "release/doctor": RELEASE | {"release/deployment", "release/judge", "release/registration"},
    "release/commands": RELEASE
    | {
        "credit/decision_log",
        "release/blame",
        "release/challenge",
        "release/compare",
        "release/deployment",
        "release/doctor",
        "release/drill",
        "release/evidence",
        "release/judge",
        "release/oncall",
        "release/registration",
        "release/watching",
        "watch",
    },
    "watch": BASE | {"credit/bundle", "credit/registry", "credit/decision_log", "credit/fairness"},
    "watch/outcomes": BASE | {"credit/bundle", "credit/decision_log", "credit/evaluation", "watch"},
    "watch/challenge": BASE | {"credit/bundle", "credit/registry", "credit/decision_log", "watch"},
    "monitoring/alertmanager": set(),
    "testing": LIBRARY | {"release/deployment", "testing/parts", "testing/lenders", "testing/warm"},
    "testing/parts": set(),
    "testing/warm": set(),
    "testing/pages": LIBRARY | {"release/deployment", "testing", "testing/parts", "testing/lenders"},
    "testing/lenders": LIBRARY | {"stages"},
    "scaffold": {"credit/common", "credit/registry", "release/doctor", "release/judge", "release/repository"},
    "bench": LIBRARY | {"release/deployment", "testing", "testing/parts"},
    "bench/approval.py": LIBRARY | {"bench", "service/api", "service/deciding", "service/engine", "service/metrics.py"},
    "bench/slow_service.py": LIBRARY | {"service/commands", "service/engine"},
}
"""What the files of a folder may import, from the lowest step of the stair to the highest. A file that is named here is
the roof over the folders beside it, of which its own folder is the ground."""

ONE_FILE_EACH = {"stages", "release/commands", "bench"}
"""Folders with a file for each stage, subcommand or measure."""

SOURCES = list_source_files()


def name_room(file: Path) -> str:
    """Name the room of a file as the table has it: the file itself where it is listed, else its folder."""
    name = str(file.relative_to(ROOT))
    return name if name in ARROWS else name_folder(file)


def find_rooms(file: Path) -> set[str]:
    """Find the rooms that a file imports. What a package's top `__init__` says is in no room: docstrings."""
    return {
        name_room(other)
        for other in find_imports(file)
        if str(other.relative_to(ROOT)).count("/") > 1 or other.name != "__init__.py"
    }


@pytest.mark.parametrize("room", sorted({name_room(file) for file in SOURCES}))
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    for file in SOURCES:
        if name_room(file) == room:
            forbidden = find_rooms(file) - ARROWS[room] - {room}
            assert not forbidden, f"{file.relative_to(ROOT)} imports {sorted(forbidden)}"


def test_the_table_names_every_room_and_none_that_is_gone() -> None:
    assert set(ARROWS) == {name_room(file) for file in SOURCES}
    assert set().union(*ARROWS.values()) <= set(ARROWS)


def test_no_arrow_points_up() -> None:
    """The table has an order: it allows no two rooms to reach each other, through any number of others."""
    below = {room: allowed - {room} for room, allowed in ARROWS.items()}
    while below:
        ground = {room for room, allowed in below.items() if not allowed & below.keys()}
        assert ground, f"these reach each other: {sorted(below)}"
        below = {room: allowed for room, allowed in below.items() if room not in ground}


def test_no_file_imports_itself_through_others() -> None:
    """A package's own `__init__` re-exports what is in it and counts for nothing here."""
    below = {file: {other for other in find_imports(file) if other.name != "__init__.py"} for file in SOURCES}
    while below:
        ground = {file for file, others in below.items() if not others & below.keys()}
        assert ground, f"these import each other: {sorted(str(file.relative_to(ROOT)) for file in below)}"
        below = {file: others for file, others in below.items() if file not in ground}


@pytest.mark.parametrize("folder", sorted({file.parent for file in SOURCES} - {ROOT / f for f in ONE_FILE_EACH}))
def test_a_folder_holds_at_most_thirteen_files(folder: Path) -> None:
    files = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
    assert len(files) <= 13


def list_copied(*stages: str) -> set[str]:
    """List what the stages of an image copy of the repository's code: folders and single files."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    parts = dict(re.findall(r"^FROM \S+ AS (\S+)\n(.*?)(?=^FROM |\Z)", text, flags=re.MULTILINE | re.DOTALL))
    copies = [line.split()[1:-1] for stage in stages for line in parts[stage].splitlines() if line.startswith("COPY ")]
    return {source for sources in copies for source in sources if re.match(r"(credit|release|service|watch)\b", source)}


SHARED_FILES = {"credit/__init__.py"}


def test_the_image_of_the_service_has_all_that_it_imports_and_no_folder_more() -> None:
    copied = list_copied("shared", "service")
    closure = find_closure(*(ROOT / "service").rglob("*.py"), *(ROOT / "credit/decision_log").rglob("*.py"))
    needed = {name_folder(file) for file in closure}
    assert copied - SHARED_FILES == {folder for folder in needed if folder.startswith("credit/")} | {"service"}
    assert {folder.split("/")[0] for folder in needed} == {"credit", "service"}
    assert not copied & {"credit/training", "credit/packaging", "credit/selection"}


def test_the_image_of_the_watch_has_all_that_it_imports_and_no_folder_more() -> None:
    """Of `release` it has no other subcommand, and so none that deploys."""
    copied = list_copied("shared", "watch")
    closure = find_closure(ROOT / "release/__main__.py", ROOT / "release/commands/watch.py")
    closure |= find_closure(*(ROOT / "credit/decision_log").rglob("*.py"))
    folders = {name_folder(file) for file in closure if file.name != "__init__.py"} - {"release", "release/commands"}
    needed = {"watch" if folder.startswith("watch") else folder for folder in folders}
    files = {
        str(file.relative_to(ROOT)) for file in closure if file.parent in {ROOT / "release", ROOT / "release/commands"}
    }
    assert copied - SHARED_FILES == needed | files


def test_no_test_is_imported_by_the_source() -> None:
    for file in SOURCES:
        assert "from tests" not in file.read_text(), file


def test_importing_a_module_does_nothing(tmp_path: Path) -> None:
    """No file, variable, path, warning filter, log or signal handler, thread: a function starts what it needs."""
    own = [file for file in SOURCES if "migrations" not in file.parts]  # Alembic runs those
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in own]
    libraries = sorted({name for file in own for name in list_libraries(file)})
    watch = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['-m']\n{WATCH}\nwatch({libraries}, {names})"
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", watch], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


WATCH = """
import gc, importlib, logging, os, signal, socket, threading, warnings

def take_snapshot():
    loggers = {name: logging.getLogger(name) for name in [None, *logging.root.manager.loggerDict]}
    return {
        "files": sorted(os.listdir()),
        "folder": os.getcwd(),
        "variables": dict(os.environ),
        "path": list(sys.path),
        "arguments": list(sys.argv),
        "warning filters": list(warnings.filters),
        "log handlers": {name: list(one.handlers) for name, one in loggers.items() if one.handlers},
        "log levels": {name: one.level for name, one in loggers.items() if one.level},
        "signal handlers": {one: signal.getsignal(one) for one in signal.valid_signals()},
        "threads": threading.active_count(),
        "hooks": (sys.excepthook, threading.excepthook, sys.stdout, sys.stderr),
        "garbage": gc.get_threshold(),
        "timeout": socket.getdefaulttimeout(),
    }

def watch(libraries, names):
    for library in libraries:  # what those do is theirs
        importlib.import_module(library)
    for name in names:
        before = take_snapshot()
        importlib.import_module(name)
        after = take_snapshot()
        for kind in before:
            if before[kind] != after[kind]:
                print(f"{name}, or what it imports, changes the {kind}: {before[kind]} -> {after[kind]}"[:500])
"""


@pytest.mark.parametrize("folder", ["stages", "release/commands", "service/commands"])
def test_a_stage_or_subcommand_imports_no_other(folder: str) -> None:
    """What two of them share is in the folders below; options.py has the options of several subcommands."""
    files = set((ROOT / folder).glob("*.py")) - {ROOT / folder / "__init__.py"}
    for file in files:
        others = find_imports(file) & files - {ROOT / folder / "options.py"}
        assert not others, f"{file.relative_to(ROOT)} imports {sorted(other.name for other in others)}"
