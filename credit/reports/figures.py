"""Figures beside their intervals, as two reports have them: `<name>` and `<name>_interval`."""

from credit.reports.base import OpenInterval, ReportPart


class Figures(ReportPart):
    """Figures that readers take by name: a table has a row for each of them."""

    @classmethod
    def list_names(cls) -> tuple[str, ...]:
        """List the figures in the order of the report, without their intervals."""
        return tuple(name for name in cls.model_fields if not name.endswith("_interval"))

    def get_value(self, name: str) -> float | None:
        """Get a figure by its name; None where there is none. Raises AttributeError for a name that is no figure."""
        value: float | None = getattr(self, name)
        return value

    def get_interval(self, name: str) -> OpenInterval | None:
        """Get the interval of a figure; None where there is none, as of counts."""
        interval: OpenInterval | None = getattr(self, f"{name}_interval", None)
        return interval
