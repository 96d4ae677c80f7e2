"""Write decisions, and give those that are in the log to the shadows, after those who wait for them were told."""

from credit.common.errors import CreditError
from credit.decision_log.group_commit import Writer, WriteRequest
from credit.decision_log.log import DecisionLog
from credit.decision_log.repeats import RecordedRequest
from service.shadow.shadows import Shadows


class ShadowedWriter(Writer):
    """A writer whose new decisions a challenger sees; a repeated request is no new one."""

    def __init__(self, log: DecisionLog, shadows: Shadows) -> None:
        self._shadows = shadows
        super().__init__(log)

    def put(self, item: WriteRequest) -> None:
        """Queue decisions; returns at once."""

        def follow(recorded: list[RecordedRequest] | CreditError) -> None:
            item.callback(recorded)
            if isinstance(recorded, CreditError):
                return
            for built, found in zip(item.requests, recorded, strict=True):
                if isinstance(found, list) and found[0]["id"] == built[0]["id"]:
                    self._shadows.put(found)

        super().put(WriteRequest(item.requests, follow))
