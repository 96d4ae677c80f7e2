"""For a figure of your own without a closed-form interval: resample the count table, not the rows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.intervals import Array, Bounds


def bootstrap(
    people: NDArray[np.int64],
    figure: Callable[[NDArray[np.int64]], Array],
    level: float = 0.95,
    times: int = 200,
    seed: int = 0,
) -> Bounds:
    """The percentile interval of `figure` over `times` multinomial samples of the table `people`, of any shape.

    Drawing rows with replacement and counting them is drawing from this multinomial, so the time does not depend on
    the number of rows. `figure` takes tables of shape (times, *people.shape) and gives NaN where it is undefined. Not
    for a maximum over groups: at perfect parity that interval lies above 0.
    """
    total = int(people.sum())
    tables = np.random.default_rng(seed).multinomial(total, people.ravel() / total, times)
    values = figure(tables.reshape(times, *people.shape))
    low, high = np.nanquantile(values, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return low, high
