"""Running other commands, so that none outlives this one."""
