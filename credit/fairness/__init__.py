"""Measure and judge how a candidate treats each protected group, from tables of counts.

counts = count_people(groups, codes, labels, scores, decisions)                # add up those of partitions
compute_fairness_metrics(counts, level)                                        # every metric with an interval
judge_fairness(counts, policy, rules, candidate, waivers, today)               # verdicts, and what follows

`judge_fairness` is one pass: comparisons (compare), verdicts (judge, act), wording (explain), findings (put together).
`paired` compares a candidate with the version in production on the same people.
"""
