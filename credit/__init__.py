"""What the pipeline and the service share: contract, rule, policy, groups, scoring."""
