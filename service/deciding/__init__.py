"""Decide within a deadline: by the model where it answers in time, else by the rule, and record every decision."""
