"""Give other people to a hybrid, after its models are trained: the stages below them judge these."""

import shutil
from pathlib import Path

from credit.common.errors import CreditError, Problem
from release.blame.hybrids.factors import TARGET
from release.blame.hybrids.pipeline_inputs import PIPELINE, read_pipeline_inputs
from release.repository.clones import run_dvc
from release.repository.data_sources import find_cache

EVALUATE = "evaluate"
"""The first stage that judges the people of the test."""


def bring_people(clone: Path, people: tuple[tuple[str, str], ...], what: str, environment: Path | None) -> list[str]:
    """Run the stages above the judgement, and put the tables of others in place; return what remains for `dvc repro`.

    Each of those is run by itself: DVC must not make the tables again, nor keep these as what the stages above make.
    Raises CreditError when a table is not in the cache.
    """
    text = (clone / PIPELINE).read_text(encoding="utf-8")
    above = [one.name for one in read_pipeline_inputs(text, PIPELINE, EVALUATE).stages if one.name != EVALUATE]
    run_dvc(clone, what, "repro", *above, environment=environment)
    cache = find_cache()[0] / "files" / "md5"
    for path, digest in people:
        kept = cache / digest[:2] / digest[2:]
        if not kept.exists():
            raise CreditError(
                Problem(f"{path} of the other version", "is not in DVC's cache", fix="dvc fetch --all-commits")
            )
        (clone / path).unlink()  # it may be a link into the cache
        shutil.copyfile(kept, clone / path)
    below = [one.name for one in read_pipeline_inputs(text, PIPELINE, TARGET).stages if one.name not in above]
    return ["--single-item", *below]
