"""Ids of decisions in paths: other text in their place, such as `batch`, is no route."""

from typing import Annotated

from fastapi import Path
from starlette.convertors import Convertor, register_url_convertor

DecisionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class _DecisionIdConvertor(Convertor[str]):
    """The part of a path that is an id."""

    regex = "[0-9a-f]{32}"

    def convert(self, value: str) -> str:
        """Return the id unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the id unchanged."""
        return value


register_url_convertor("decision", _DecisionIdConvertor())
