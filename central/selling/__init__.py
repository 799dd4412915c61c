"""Who sells where: channels and points of sale."""
