"""Packaging: build a bundle of the champion that the service can run."""
