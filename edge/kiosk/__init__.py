"""The self-service kiosk: sells places out of its leases, online or not, prints the tickets."""
