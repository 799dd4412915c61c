"""The devices: enrolment, keys, leases, feeds out and facts in."""
