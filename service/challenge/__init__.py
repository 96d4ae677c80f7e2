"""Follow challenges, and deal applicants between the live version and the challenger of a split."""
