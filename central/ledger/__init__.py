"""Where the money is: accounts, and moves from one to another."""
