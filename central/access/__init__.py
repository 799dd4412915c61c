"""Who went in: scans, admissions, and what did not fit."""
