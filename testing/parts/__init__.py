"""Real servers, browsers and containers, started on loopback and ended by their process id."""
