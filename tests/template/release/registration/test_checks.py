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
