"""Measure and judge the quality of candidates: metrics, intervals, gates, and the files of predictions."""
