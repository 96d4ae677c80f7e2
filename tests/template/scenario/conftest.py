"""Files made once per session and shared: a draw is named by its params."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scenario_files import FAIR, HIDDEN, changed

from scenario.applicants import ROWS_PER_PARTITION, Applicants
from scenario.generate import generate
from scenario.params import ScenarioParams

Draw = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def draw(tmp_path_factory) -> Draw:
    """The file of these params (FAIR and what is changed of it), beside it the truth that it does not have."""
    folder, made = tmp_path_factory.mktemp("scenario"), {}

    def of(params: ScenarioParams | None = None, **others) -> pd.DataFrame:
        params = params or changed(**others)
        key = params.model_dump_json()
        if key not in made:
            generate(params, folder / "drawn.csv")
            made[key] = _with_truth(pd.read_csv(folder / "drawn.csv"), params)
        return made[key]

    return of


def _with_truth(frame: pd.DataFrame, params: ScenarioParams) -> pd.DataFrame:
    partitions = [Applicants(params, number) for number in range(-(-params.rows // ROWS_PER_PARTITION))]
    hidden = {name: np.concatenate([getattr(p, name) for p in partitions])[: params.rows] for name in HIDDEN}
    bands = np.select([frame.age < 25, frame.age < 62], ["under 25", "25 to 61"], "62 and over")
    applied_on = pd.to_datetime(frame.applied_on)
    return frame.assign(**hidden, age_band=bands, applied_on=applied_on, approved=frame.credit_score >= 620)


@pytest.fixture(scope="session")
def fair(draw) -> pd.DataFrame:
    """No bias, no drift."""
    return draw(FAIR)
