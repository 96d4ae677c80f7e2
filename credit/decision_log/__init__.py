"""The decision log: every decision with its reasons and version, written durably before the applicant is answered."""
