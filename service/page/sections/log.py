"""Where decisions go: the database of the log, or the spool beside the service."""

from typing import NamedTuple

from service.page.section import PageSection, SectionContent, SectionSource


class LogShown(NamedTuple):
    """Where decisions go, and how many are where they do not belong, or that it is unknown."""

    target: str
    kind: str
    spooled: str
    spool: str
    waiting: str
    checkpoint: str


def describe(source: SectionSource) -> SectionContent:
    """Describe the log as it is now; the head of the page has its problems."""
    log = source.parts.log
    target = "nowhere" if log.refusal else "the database" if log.problem is None else "the spool"
    spool = "ready for when the database does not answer" if log.spool_problem is None else "not there"
    recent = source.recent  # its figures are some seconds old; counting anew would scan the spool for every look
    spooled = f"{recent.spooled:,}" if recent else "unknown"
    waiting = f"{recent.waiting:,}" if recent and recent.database_answered else "unknown"
    checkpoint = "behind: the store does not take it" if source.parts.checkpoints.problem else "written to the store"
    kind = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[log.database.engine.dialect.name]
    return SectionContent(LogShown(target, kind, spooled, spool, waiting, checkpoint))


SECTION = PageSection(
    title="The decision log",
    place=30,
    describe=describe,
    template="""
<dl class="tiles">
<div><dt>Decisions go to</dt><dd><b class="any">{{ it.target }}</b><span>{{ it.kind }}</span></dd></div>
<div><dt>In the spool</dt><dd><b>{{ it.spooled }}</b><span>{{ it.spool }}</span></dd></div>
<div><dt>Not in the figures yet</dt><dd><b>{{ it.waiting }}</b><span>of all in the database</span></dd></div>
<div><dt>Checkpoint</dt><dd><b class="any">{{ it.checkpoint }}</b>
<span>of what it covers, nothing can be cut off unseen</span></dd></div>
</dl>
""",
)
