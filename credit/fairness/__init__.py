"""Equal treatment, measured and judged: count once, compute every figure from the counts, decide in one place.

counts = count(groups, codes, labels, scores, decisions)    # add up those of partitions
report(counts, level)                                       # every figure with an interval, JSON-ready
decide(counts, policy, candidate, waivers, today)           # pass, fail, insufficient, not assessable, and why
"""
