"""The base of the parts of a contract, and of whatever else a person may write by hand."""

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """A part of a contract: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
