"""The inventory says of each version whether a model or a rule decides."""

from credit.registry.store import Store
from release.evidence.inventory import list_inventory
from release.repository.tags import read_registry


def test_a_version_without_a_model_is_told_as_a_rule(three: Store) -> None:
    rows = {row.version: (row.kind, row.candidate) for row in list_inventory(three, read_registry(), None)}
    assert rows == {
        "v1.0.0": ("rule", "heuristic"),
        "v1.1.0": ("model", "logistic"),
        "v2.0.0": ("model", "random_forest"),
    }
