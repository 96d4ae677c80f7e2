"""What caused a move: one change at a time is run again, alone and with the others, and measured beside a seed band."""
