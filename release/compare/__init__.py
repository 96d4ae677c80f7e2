"""What differs between two revisions, for whoever reviews a change: from small files in git, and the predictions."""
