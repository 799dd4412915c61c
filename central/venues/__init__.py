"""Where it happens: sites, spaces, physical and logical configurations, plan files."""
