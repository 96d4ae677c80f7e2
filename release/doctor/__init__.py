"""Check what a project needs around it: git, the store, the remote of the data, the tools, the settings on GitHub."""
