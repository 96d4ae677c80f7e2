"""What the pipeline found, told to people: the HTML report and the model card, from one set of facts."""
