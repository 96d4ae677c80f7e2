"""The judgement of a change by the base that it wants to change: nobody brings the judge of their own change."""
