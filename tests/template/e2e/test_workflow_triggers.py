"""Main judges what is to be merged into main, and judges again when a pull request is moved there."""

from typing import Any

import yaml

from testing.lenders.frozen import ROOT

JUDGE: dict[str, Any] = yaml.load((ROOT / ".github/workflows/judge.yml").read_text(), yaml.BaseLoader)


def test_a_pull_request_is_judged_into_main_alone_and_again_when_it_is_moved_there() -> None:
    """The check of a commit stays when its pull request gets another base, which is an event `edited`."""
    assert JUDGE["on"].keys() == {"pull_request_target"}
    assert JUDGE["on"]["pull_request_target"]["branches"] == ["main"]
    assert {"opened", "synchronize", "reopened", "edited"} <= set(JUDGE["on"]["pull_request_target"]["types"])


def test_no_event_skips_the_verdict() -> None:
    """GitHub takes a job that was skipped for one that passed."""
    assert JUDGE["jobs"]["gates"]["if"] == "${{ !cancelled() }}"
    assert "if" not in JUDGE["jobs"]["predictions"]
    assert not [step for step in JUDGE["jobs"]["gates"]["steps"] if step.get("name") == "Gates" and "if" in step]


def test_the_job_that_runs_the_change_may_write_nothing_and_leaves_no_cache() -> None:
    assert JUDGE["permissions"] == {}
    for name in ("predictions", "gates"):
        assert set(JUDGE["jobs"][name]["permissions"].values()) == {"read"}
    assert "cache" not in str(JUDGE["jobs"])
