"""The comparison of two revisions for reviewers of a change: from small files in git, and the predictions."""
