"""The HTML report and the model card, both from one set of facts."""
