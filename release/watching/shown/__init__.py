"""The findings of the watch over HTTP: metrics, health, and a picture for the page of the service."""
