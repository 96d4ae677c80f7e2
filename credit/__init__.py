"""The code that the pipeline and the service share: contract, data, models, scoring, fairness, reports, registry."""
