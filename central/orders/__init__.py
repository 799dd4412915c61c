"""What was sold: orders, lines, payments, entitlements, tickets."""
