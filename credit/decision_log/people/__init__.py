"""People in the log: their decisions found, exported, corrected and erased, what analysts decided, who looked."""
