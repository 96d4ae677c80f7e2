"""A decider with a real log, and the whole application, with models that do as they are told."""

from tests.template.service.deciding.deciders import applications, make_decider, with_model
from tests.template.service.deciding.in_process import application, model_seconds, serve_model

__all__ = ["application", "applications", "make_decider", "model_seconds", "serve_model", "with_model"]
