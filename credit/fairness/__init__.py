"""Measure and judge how a candidate treats each protected group, from tables of counts.

counts = count_people(groups, codes, labels, scores, decisions)                # add up those of partitions
compute_fairness_metrics(counts, level)                                        # every metric with an interval
judge_fairness(counts, policy, rules, candidate, waivers, today)               # verdicts, and what follows

`judge_fairness` is one pass: `group_comparison`, `verdicts`, `wording`, put together in `findings`. `power` tells how
often the gate is wrong and how many people decide; `versions` compares two versions on the same people.
"""
