"""The last stage: the page and the card of a run that is done."""

import subprocess
from pathlib import Path

import yaml

from credit.bundle.manifest import verify_bundle
from testing.projects import Project


def report(project: Project, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run the stage by the command of dvc.yaml."""
    command = yaml.safe_load((project.folder / "dvc.yaml").read_text())["stages"]["report"]["cmd"]
    return project.run("bash", "-c", command.replace("${data.contract}", "loanapp"), check=False, **env)


def test_the_page_and_the_card_are_those_of_the_bundle_and_the_same_bytes_again(finished: Project) -> None:
    page, card = (finished.folder / "reports" / name for name in ("report.html", "model_card.md"))
    before = page.read_bytes(), card.read_bytes()
    assert card.read_bytes() == (finished.folder / "models/bundle/model_card.md").read_bytes()
    assert verify_bundle(finished.folder / "models/bundle").digest in page.read_text()
    page.unlink()
    for seed in ("1", "2"):
        done = report(finished, PYTHONHASHSEED=seed)
        assert done.stdout == "read reports/report.html\n", done.stderr
        assert (page.read_bytes(), card.read_bytes()) == before


def test_what_cannot_be_told_is_one_line_and_leaves_the_page(finished: Project) -> None:
    page = finished.folder / "reports/report.html"
    before = page.read_bytes()
    alternatives = finished.folder / "reports/alternatives.json"
    kept = alternatives.read_bytes()
    alternatives.unlink()
    done = report(finished)
    expected = "reports/alternatives.json: no such file; run dvc repro"
    assert (done.returncode, done.stderr) == (1, f"error: {expected}\n")
    alternatives.write_bytes(kept)
    write(finished.folder / "models/bundle/policy.json")
    done = report(finished)
    assert done.returncode == 1
    assert done.stderr.startswith("error: models/bundle/policy.json: found SHA-256 ")
    assert page.read_bytes() == before


def write(file: Path) -> None:
    """Change a file of DVC's, which may be a link that is not to be written through."""
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content + b" ")
