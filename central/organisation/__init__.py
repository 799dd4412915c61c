"""Who we are: the tree of contexts, the operators and what they may do."""
