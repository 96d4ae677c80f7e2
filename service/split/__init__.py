"""Let a challenger decide about a share of the applicants, who are dealt by chance."""
