"""What challengers would have decided, written beside the decisions and read to judge them."""
