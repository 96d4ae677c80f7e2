"""What keeps a commit from becoming a version, all of it at once."""

import json

from testing.projects import Project


def test_a_waiver_that_nobody_can_read_hides_no_other_problem(finished: Project) -> None:
    folder = finished.folder / "waivers"
    (folder / "broken.yaml").write_text("candidate: [")
    (folder / "empty.yaml").write_text("{}")
    finished.edit("params.yaml", "seed: 0", "seed: 1")
    done = finished.run("python", "-m", "release", "check", "--json", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    where = [problem.partition(": ")[0] for problem in told["problems"]]
    assert {"working tree", "dvc.lock", "DVC remote", "waivers/broken.yaml", "waivers/empty.yaml"} <= set(where)
    assert len(where) == len(set(told["problems"])), "each of them once"
    assert "decides by the rule" in told["notes"][0]


def test_params_that_nobody_can_read_hide_no_other_problem(finished: Project) -> None:
    finished.run("git", "tag", "-a", "-m", "first", "credit-model@v1.0.0")
    (finished.folder / "params.yaml").write_text("data: [")
    finished.commit()
    (finished.folder / "waivers/broken.yaml").write_text("candidate: [")
    done = finished.run("python", "-m", "release", "check", "--json", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert (told["version"], told["why"], told["ready"]) == ("v1.0.1", "what changed cannot be read", False)
    where = [problem.partition(": ")[0] for problem in told["problems"]]
    assert {"working tree", "dvc.yaml", "DVC remote", "waivers/broken.yaml", "params.yaml, as committed"} <= set(where)
    refused = finished.run("python", "-m", "release", "register", "-m", "second", check=False)
    assert refused.returncode == 1
    assert "error: params.yaml, as committed: found no keys with values" in refused.stderr
    assert all(line.startswith("error: ") for line in refused.stderr.splitlines())
    assert finished.run("git", "tag").stdout == "credit-model@v1.0.0\n"
