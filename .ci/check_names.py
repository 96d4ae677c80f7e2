"""Check how functions are named and how docstrings are worded: `python .ci/check_names.py [--table] [--nouns]`.

A function is a verb in the imperative (`load`) or a predicate (`is_live`). Exits with 1 when a name starts with a
participle (`told`) or a particle (`after`), when fewer than 70% of the functions of a package start with a verb, or
when the free relative clause `what_is` makes up 2% of its docstrings. The lists of words are beside this file.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

MIN_VERBS = 0.70
MAX_WHAT = 0.02
MIN_SIZE = 10  # a package with fewer functions, or docstrings, is judged as a part of the total only
WHAT_IS = re.compile(r"\bwhat (is|was|are|were)\b", re.IGNORECASE)
WHAT = re.compile(r"\bwhat\b", re.IGNORECASE)
PREDICATES = {"is", "are", "has", "can", "should", "must", "needs"}
CONVERSIONS = {"to", "from", "as"}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read_words(name: str) -> set[str]:
    """Read a list of words; a line that starts with # is a comment."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.split()}


VERBS, ACCEPTED = read_words("verbs.txt"), read_words("accepted_nouns.txt")
PARTICLES, PARTICIPLES = read_words("particles.txt"), read_words("participles.txt")


class Finding(NamedTuple):
    """The name of a function, or of the owner of an unwanted docstring, and its kind."""

    path: Path
    line: int
    name: str
    kind: str


def split_words(name: str) -> list[str]:
    """Split a name into lower-case words, at underscores and at capitals."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def classify(name: str) -> str:
    """Classify a name by its first word: accepted, verb, conversion, participle, particle or noun."""
    word, *others = split_words(name)
    if name.strip("_") in ACCEPTED:
        return "accepted"
    following = others[0] if others else ""
    if following != "of" and {word, f"{word}_{following}"} & VERBS:
        return "verb"
    if following and (word in PREDICATES or (f"{word}+" in VERBS and following not in PARTICLES)):
        return "verb"
    if following and word in CONVERSIONS:
        return "conversion"
    if word in PARTICLES:
        return "particle"
    is_participle = word in PARTICIPLES or (word.endswith(("ed", "ing")) and f"-{word}" not in PARTICIPLES)
    return "participle" if is_participle else "noun"


def is_checked(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Exclude properties, overloads, `__methods__`, `main`, names without a letter, and pytest fixtures: values."""
    decorators = {ast.unparse(item).split("(")[0].split(".")[-1] for item in node.decorator_list}
    exempt = decorators & {"property", "cached_property", "setter", "deleter", "overload", "fixture"}
    return not exempt and bool(split_words(node.name)) and not re.fullmatch(r"__\w+__|main", node.name)


def find_files() -> Iterator[Path]:
    """Find the Python files of each top-level folder except tests: all that git tracks or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for path in map(Path, sorted({*listed.split("\0")} - {""})):
        if len(path.parts) > 1 and path.parts[0] != "tests" and path.is_file():
            yield path


def list_packages(path: Path) -> list[str]:
    """List the rows that a file counts in: its folder or, of credit, its folder and subfolder, and the total."""
    top, *folders = path.parent.parts
    return [top, *(f"{top}/{folder}" for folder in folders[:1] if top == "credit"), "total"]


def inspect(path: Path) -> tuple[list[Finding], Counter[str]]:
    """Find the function names and the unwanted docstrings of a file, and count both by kind."""
    found: list[Finding] = []
    count: Counter[str] = Counter()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, DOCUMENTED):
            continue
        line, name = (1, path.stem) if isinstance(node, ast.Module) else (node.lineno, node.name)
        text = " ".join((ast.get_docstring(node) or "").split())
        if not isinstance(node, ast.Module | ast.ClassDef) and is_checked(node):
            found.append(Finding(path, line, name, classify(name)))
            first = re.sub(r"\W.*", "", text).lower()
            count["functions"] += 1
            count["described"] += bool(text)
            count["imperative"] += bool({first, f"{first}+", f"{first}-"} & VERBS)
        count["docstrings"] += bool(text)
        count["any what"] += bool(WHAT.search(text))
        if match := WHAT_IS.search(text):
            found.append(Finding(path, line, f"{name}: {match[0]!r}", "what is"))
    count.update(item.kind for item in found)
    return found, count


def find_failures(found: list[Finding], counts: dict[str, Counter[str]]) -> Iterator[str]:
    """Yield a line for each name and each package that breaks a rule, with the way to fix it."""
    wordy = set()
    for package, count in counts.items():
        if is_judged(package, count["functions"]) and (verbs := count["verb"] / count["functions"]) < MIN_VERBS:
            yield (
                f"{package}: {verbs:.0%} of {count['functions']} functions start with a verb, fewer than "
                f"{MIN_VERBS:.0%}; rename some that --nouns lists"
            )
        if is_judged(package, count["docstrings"]) and (what := count["what is"] / count["docstrings"]) >= MAX_WHAT:
            wordy.add(package)
            yield f'{package}: {what:.1%} of {count["docstrings"]} docstrings say "what is", {MAX_WHAT:.0%} or more'
    for path, line, name, kind in found:
        if kind in ("participle", "particle"):
            fix = "rename it to a verb in the imperative, or list a standard term in .ci/accepted_nouns.txt"
            yield f"{path}:{line}: {name}: starts with the {kind} {split_words(name)[0]!r}; {fix}"
        if kind == "what is" and wordy & {*list_packages(path)}:
            yield f"{path}:{line}: docstring of {name}; name the thing itself"


def is_judged(package: str, size: int) -> bool:
    """Tell whether there is enough to judge a package by a share."""
    return size >= (1 if package == "total" else MIN_SIZE)


def format_table(counts: dict[str, Counter[str]]) -> str:
    """Format the counts of each package as aligned text, shares in brackets."""
    columns = {"functions": "", "verb": "functions", "participle": "", "particle": "", "docstrings": ""}
    columns |= {"what is": "docstrings", "any what": "docstrings", "described": "", "imperative": "described"}
    lines = [f"{'package':<22}" + "".join(f"{name:>13}" for name in columns)]
    for package, count in counts.items():
        shares = {name: f" ({count[name] / max(count[of], 1):.1%})" if of else "" for name, of in columns.items()}
        lines.append(f"{package:<22}" + "".join(f"{f'{count[name]}{share}':>13}" for name, share in shares.items()))
    return "\n".join(lines)


def check(files: Iterable[Path]) -> tuple[list[Finding], dict[str, Counter[str]]]:
    """Inspect every file, and add up the counts of each package, the total last."""
    found: list[Finding] = []
    counts: dict[str, Counter[str]] = {}
    for path in files:
        findings, count = inspect(path)
        found += findings
        for package in list_packages(path):
            counts.setdefault(package, Counter()).update(count)
    return found, {name: counts[name] for name in sorted(counts, key=lambda name: (name == "total", name))}


def main() -> int:
    """Print every failure, or the table, and a summary; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="print the counts of each package")
    parser.add_argument("--nouns", action="store_true", help="print each function that does not start with a verb")
    options = parser.parse_args()
    found, counts = check(find_files())
    if options.table:
        print(format_table(counts))
    if options.nouns:
        print(*(f"{f.path}:{f.line}: {f.name}: {f.kind}" for f in found if f.kind not in ("verb", "what is")), sep="\n")
    failures = list(find_failures(found, counts))
    print(*failures, sep="\n", end="\n" if failures else "")
    total = counts.get("total", Counter())
    share = total["verb"] / max(total["functions"], 1)
    print(f"names: {total['functions']} functions, {share:.0%} start with a verb, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
