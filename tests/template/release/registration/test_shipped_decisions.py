"""What was judged is what is shipped: the bundle decides the judged rows as the judged predictions say."""

import json
from contextlib import chdir
from pathlib import Path

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.manifest import MANIFEST_FILE, read_manifest, write_bundle
from credit.packaging.build import BundleInputs, build_bundle
from credit.training.agreement import PackageParams
from release.registration.shipped_decisions import count_other_decisions
from release.repository.revision import Revision
from testing.projects import Project


def forge(folder: Path, candidate: str, **policy: float) -> None:
    """Write a bundle again with other thresholds, or the name of another candidate, and hashes that fit."""
    manifest = read_manifest(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST_FILE}
    files["policy.json"] = json.dumps(json.loads(files["policy.json"]) | policy).encode()
    write_bundle(folder, manifest.dataset, candidate, manifest.agreement, files)


def check(project: Project) -> tuple[list[str], list[str]]:
    """The problems and the notes about the bundle."""
    told = json.loads(project.run("python", "-m", "release", "check", "--json", check=False).stdout)
    return [one for one in told["problems"] if "the bundle" in one], [one for one in told["notes"] if "bundle" in one]


def test_a_bundle_that_decides_otherwise_than_was_judged_is_refused_with_how_many(finished: Project) -> None:
    """Its hashes fit, its examples score as they did, and DVC believes it."""
    bundle = finished.folder / "models/bundle"
    problems, (note,) = check(finished)
    assert problems == []
    assert note.startswith("the bundle decides all ")
    rows = int(note.split()[4].replace(",", ""))
    forge(bundle, "heuristic", approve_from=1.1, refer_from=1.1)
    finished.run("dvc", "commit", "--quiet", "--force", "package")
    finished.commit()
    (problem,), notes = check(finished)
    others = int(problem.partition("found ")[2].split()[0].replace(",", ""))
    approved = json.loads((finished.folder / "reports/metrics.json").read_text())["heuristic"]["approval_rate"]
    assert others >= approved * rows * 0.99, "everybody who was approved"
    assert f"{others:,} of {rows:,} test rows decided otherwise than was judged of heuristic, expected 0" in problem
    assert notes == []
    forge(bundle, "logistic")
    finished.run("dvc", "commit", "--quiet", "--force", "package")
    finished.commit()
    ((problem,), _) = check(finished)
    assert "decides by logistic, expected heuristic, which reports/choice.json chose" in problem


def test_where_models_of_folds_were_judged_the_bundle_differs_by_as_many_as_the_pipeline_found(
    finished: Project, tmp_path: Path
) -> None:
    """The champion here is the rule, which is the same in every fold: a regression is not."""
    name = "logistic"
    finished.run("dvc", "repro", "--quiet", "--single-item", "--force", f"train@{name}")
    with chdir(finished.folder):
        data, reports = Path("data"), Path("reports/candidates")
        inputs = BundleInputs(
            data / "contracts/loanapp.yaml",
            data / "train.parquet",
            data / "test.parquet",
            Path("models/candidates"),
            reports,
        )
        build_bundle(name, inputs, PackageParams(max_other_decisions=0), tmp_path / "bundle", {})
        tree = Revision("the working tree", None)
        found = count_other_decisions(tree, load_bundle(tmp_path / "bundle"), tmp_path / "bundle")
        assert found.others > 0
        assert found.others == pytest.approx(found.expected, abs=0.5)
        forge(tmp_path / "bundle", name, approve_from=0.0)
        forged = count_other_decisions(tree, load_bundle(tmp_path / "bundle"), tmp_path / "bundle")
        assert forged.others > found.others + 10
