"""Copy the decision log for analysts, beside the service: everybody once, protected attributes apart."""
