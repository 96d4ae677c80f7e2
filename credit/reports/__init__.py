"""The JSON reports: what the stages write, and the page, the comparison and the service read."""
