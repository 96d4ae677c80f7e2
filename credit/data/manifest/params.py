"""The block `ingest` of params.yaml."""

from typing import Annotated

from pydantic import Field

from credit.common.params import Params


class IngestParams(Params):
    """`parts_from`: the folders and `s3://bucket/prefix` below which the files of a manifest may be."""

    parts_from: tuple[Annotated[str, Field(pattern="^(/.|s3://.)")], ...] = ()
