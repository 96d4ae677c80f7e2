"""The smallest contract: people of two groups, and who of them paid; a test adds the columns that it is about."""

from credit.contract import Contract, DataSource
from credit.contract.columns import Column

SCORE = Column(type="number", role="score", threshold=1, missing="allowed", description="d")


def make_contract(**columns: Column) -> Contract:
    """Make the contract of a table with these columns, then `race`, which may be missing, and `paid`."""
    race = Column(
        type="category",
        role="protected",
        allowed=("white", "Black"),
        reference="white",
        missing="allowed",
        description="d",
    )
    paid = Column(type="boolean", role="label", favourable=True, description="d")
    source = DataSource(title="t", licence="l", citation="c")
    return Contract(name="t", row="r", source=source, columns={**columns, "race": race, "paid": paid})
