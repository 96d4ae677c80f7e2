"""The evidence as a folder and a zip: chapters, index, page, signature, and the program that verifies all of it."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.resources import files as find_package_files
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from credit.common.candidate_names import HEURISTIC
from credit.common.files import atomic_write, format_json, replace_folder
from credit.registry.signatures import seal_payload
from release.evidence.chapters import Chapters, Subject, collect_chapters
from release.evidence.mapping import ClauseAnswer, State, answer_clauses, load_place
from release.registration.provenance import load_signing_key

INDEX = "index.json"
VERIFIER = "verify.py"
_HERE = Path(__file__).parent
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def make_evidence(subject: Subject, places: Sequence[str]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Make every file of the evidence, and the content of its index.

    The same version, places and moment give the same bytes.
    """
    chapters = collect_chapters(subject)
    by_rule = subject.record.candidate == HEURISTIC
    loaded = {name: load_place(name) for name in places}
    answers = [one for name, place in loaded.items() for one in answer_clauses(name, place, chapters.files, by_rule)]
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(chapters.files.items())}
    index = {
        "version": str(subject.version),
        "tag": subject.version.tag,
        "digest": subject.record.digest,
        "commit": subject.tag.commit,
        "decides": "a rule only; there is no model in this version" if by_rule else subject.record.candidate,
        "at": subject.at.isoformat() if subject.at else None,
        "places": {name: {"title": place.title, "read": place.read.isoformat()} for name, place in loaded.items()},
        "clauses": [_dump_answer(one, hashes) for one in answers],
        "not_found": chapters.missing,
        "files": hashes,
    }
    content = dict(sorted(chapters.files.items()))
    content["index.html"] = _render_page(index, answers, chapters).encode()
    content[VERIFIER] = (_HERE / "verify_folder.py").read_bytes()
    hashes |= {name: hashlib.sha256(content[name]).hexdigest() for name in ("index.html", VERIFIER)}
    content[INDEX] = format_json(index).encode()
    if signature := _sign_index(content[INDEX]):
        content["index.dsse.json"] = signature
    return content, index


def write_evidence(content: Mapping[str, bytes], folder: Path) -> Path:
    """Write the folder and the zip beside it, each whole or not at all; return the zip."""
    with replace_folder(folder) as temporary:
        for name, data in content.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(data)
    archive = folder.with_name(f"{folder.name}.zip")
    with atomic_write(archive) as temporary, zipfile.ZipFile(temporary, "w") as packed:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", _EARLIEST)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return archive


def _dump_answer(one: ClauseAnswer, hashes: Mapping[str, str]) -> dict[str, Any]:
    return one._asdict() | {"files": {file: hashes[file] for file in one.files}}


def _sign_index(index: bytes) -> bytes | None:
    """Sign the index, and by its hashes every file; None without a key."""
    key = load_signing_key()
    if key is None:
        return None
    subject = {"name": INDEX, "digest": {"sha256": hashlib.sha256(index).hexdigest()}}
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [subject]}
    return seal_payload(json.dumps(statement | {"predicateType": "urn:evidence", "predicate": {}}).encode(), key)


def _render_page(index: Mapping[str, Any], answers: Sequence[ClauseAnswer], chapters: Chapters) -> str:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = find_package_files("credit.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    grouped: dict[str, list[tuple[str, int]]] = {}
    for name in sorted(chapters.files):
        chapter = name.partition("/")[0] if "/" in name else "inventory"
        grouped.setdefault(chapter, []).append((name, len(chapters.files[name])))
    places = {name: [one for one in answers if one.place == name] for name in index["places"]}
    states = {state: sum(one.state == state for one in answers) for state in get_args(State)}
    decisions = json.loads(chapters.files["decisions/decisions.json"])
    template = environment.get_template("index.html.j2")
    return template.render(
        index=index, style=style, chapters=grouped, places=places, states=states, decisions=decisions
    )
