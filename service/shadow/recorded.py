"""Write decisions, and give those that are in the log to the shadows, after those who wait for them were told."""

from collections.abc import Sequence

from credit.decision_log.database import DecisionRow
from credit.decision_log.group_commit import Writer
from credit.decision_log.log import DecisionLog
from credit.decision_log.repeats import RecordedRequest
from service.shadow.shadows import Shadows


class ShadowedWriter(Writer):
    """A writer whose new decisions a challenger sees; a repeated request is no new one."""

    def __init__(self, log: DecisionLog, shadows: Shadows) -> None:
        self._shadows = shadows
        super().__init__(log)

    def note_recorded(self, requests: Sequence[list[DecisionRow]], recorded: Sequence[RecordedRequest]) -> None:
        """Give the new decisions of a transaction to the shadows."""
        if not self._shadows.is_on:
            return
        new: list[DecisionRow] = []
        for built, found in zip(requests, recorded, strict=True):
            if isinstance(found, list) and found[0]["id"] == built[0]["id"]:
                new += found
        self._shadows.put(new)
