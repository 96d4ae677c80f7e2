"""The JSON reports as models, one file per report: stages write them; pages, releases and the service read them."""
