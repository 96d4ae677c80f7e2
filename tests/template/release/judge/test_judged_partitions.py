"""A change is judged in every partition into folds, not in those that suit it."""

import numpy as np

from credit.evaluation.partitions import PartitionScores
from release.judge.partitions import find_other_partitions

FOLDS = {1: np.array([0, 1, 2, 0]), 2: np.array([2, 1, 0, 1]), 3: np.array([1, 1, 2, 0])}


def score(numbers: dict[int, "np.ndarray"]) -> dict[int, PartitionScores]:
    return {number: PartitionScores(folds, np.zeros(4), np.full(4, "approve")) for number, folds in numbers.items()}


def test_all_partitions_with_the_folds_of_the_base_are_right() -> None:
    assert find_other_partitions("forest", score(FOLDS), FOLDS) == []


def test_a_partition_that_is_left_out_or_is_one_too_many_is_told() -> None:
    (told,) = find_other_partitions("forest", score({2: FOLDS[2]}), FOLDS)
    assert str(told) == "the partitions of forest: found numbers 2, expected 1, 2, 3"
    assert find_other_partitions("forest", {}, FOLDS)
    assert find_other_partitions("forest", score(FOLDS), {1: FOLDS[1]})


def test_folds_of_another_seed_are_told() -> None:
    (told,) = find_other_partitions("forest", score(FOLDS | {2: FOLDS[1], 3: FOLDS[3][:2]}), FOLDS)
    assert str(told) == "the partitions of forest: found other folds in 2, 3, expected those of the base's salts"
