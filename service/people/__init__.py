"""The log as the subcommands about applicants open it."""
