"""Judge a challenger by what it would have decided about the same live applicants."""
