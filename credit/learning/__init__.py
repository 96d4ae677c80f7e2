"""The learning curve: how good candidates are that learn from fewer rows, and what more rows would bring."""
