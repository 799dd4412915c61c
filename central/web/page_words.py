"""Words that an area's pages say and no entity or command has: it says which (`Area.words`), and each has a text."""

PAGE_WORDS: dict[str, tuple[str, ...]] = {}
"""By the beginning of their texts' keys, `value:stand` of `value:stand.online`."""
