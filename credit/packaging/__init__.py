"""From the champion to a bundle that the service can run."""
