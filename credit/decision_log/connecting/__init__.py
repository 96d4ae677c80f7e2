"""Connect to a database of the log: durable, with time limits, and ready for a server that hangs or was restarted."""
