"""What is left: contingents, places, gauges, and the allocations that take places out of them."""
