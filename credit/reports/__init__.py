"""The JSON reports as models, one file per report: what stages write, and pages, releases and the service read."""
