"""Adopt the template: make a project of it by copier, and bring the template's later versions into the project."""
