"""One file per subcommand of `release`."""
