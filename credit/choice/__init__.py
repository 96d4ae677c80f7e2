"""Who goes forward: the champion, the incumbent, and who is better than the incumbent."""
