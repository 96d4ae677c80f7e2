"""The statement that a key signs about a version: an in-toto statement with SLSA's provenance."""

import hashlib
import os
from collections.abc import Mapping

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from credit.registry.names import Version
from credit.reports.base import Report, ReportPart
from release.repository.git import find_actor, read_text_at

_CAMEL = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Resource(ReportPart):
    """A thing by its hashes: `sha256`, or `gitCommit`."""

    name: str
    digest: dict[str, str]


class Parameters(ReportPart):
    """How a version was made. `from_source`: every stage ran again in that place, and gave what dvc.lock says."""

    model_config = _CAMEL

    version: str
    from_source: bool


class BuildDefinition(ReportPart):
    """What went in: the commit, and dvc.lock, which names every stage's command, inputs and outputs by hash."""

    model_config = _CAMEL

    build_type: str = "urn:dvc:repro"
    external_parameters: Parameters
    resolved_dependencies: tuple[Resource, ...]


class Builder(ReportPart):
    """The workflow on GitHub, or a person's machine."""

    id: str


class Metadata(ReportPart):
    """The run of the workflow; elsewhere, who ran the command."""

    model_config = _CAMEL

    invocation_id: str


class RunDetails(ReportPart):
    """Who made it, and in which run."""

    builder: Builder
    metadata: Metadata


class Predicate(ReportPart):
    """SLSA's provenance, version 1."""

    model_config = _CAMEL

    build_definition: BuildDefinition
    run_details: RunDetails


class Statement(Report):
    """What the key signs: this bundle is that version, made from that commit in this way."""

    model_config = _CAMEL

    type: str = Field(default="https://in-toto.io/Statement/v1", alias="_type")
    subject: tuple[Resource, ...]
    predicate_type: str = "https://slsa.dev/provenance/v1"
    predicate: Predicate

    @property
    def from_source(self) -> bool:
        """Whether every stage ran again before the key signed."""
        return self.predicate.build_definition.external_parameters.from_source

    @property
    def maker(self) -> str:
        """Who or which run made it."""
        return self.predicate.run_details.metadata.invocation_id

    def serialize(self) -> bytes:
        """Serialize to the bytes that are signed."""
        return self.model_dump_json(by_alias=True).encode()


def build_statement(version: Version, commit: str, digest: str, from_source: bool) -> Statement:
    """Build the statement of a version that is made here and now."""
    lock = hashlib.sha256((read_text_at(commit, "dvc.lock") or "").encode()).hexdigest()
    return Statement(
        subject=(Resource(name=version.tag, digest={"sha256": digest}),),
        predicate=Predicate(
            build_definition=BuildDefinition(
                external_parameters=Parameters(version=str(version), from_source=from_source),
                resolved_dependencies=(
                    Resource(name="commit", digest={"gitCommit": commit}),
                    Resource(name="dvc.lock", digest={"sha256": lock}),
                ),
            ),
            run_details=_describe_run(os.environ),
        ),
    )


def _describe_run(variables: Mapping[str, str]) -> RunDetails:
    """Name the workflow and its run, as GitHub sets them; elsewhere the person."""
    server, workflow = variables.get("GITHUB_SERVER_URL"), variables.get("GITHUB_WORKFLOW_REF")
    if variables.get("GITHUB_ACTIONS") != "true" or not (server and workflow):
        return RunDetails(builder=Builder(id="urn:local"), metadata=Metadata(invocation_id=find_actor()))
    run = f"{server}/{variables.get('GITHUB_REPOSITORY')}/actions/runs/{variables.get('GITHUB_RUN_ID')}"
    attempt = f"{run}/attempts/{variables.get('GITHUB_RUN_ATTEMPT', '1')}"
    return RunDetails(builder=Builder(id=f"{server}/{workflow}"), metadata=Metadata(invocation_id=attempt))
