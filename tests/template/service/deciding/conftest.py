"""A decider with a real log, and models that do as they are told."""

from tests.template.service.deciding.deciders import applications, make_decider, with_model

__all__ = ["applications", "make_decider", "with_model"]
