"""Who changed what, when and from where: a thing's history, its state at any moment, and the way back.

`past_states` works states out of entries and decides what a way back would set; `records` reads them, within what the
asker may see; `words` says them; `pages` are a thing's screens; `log`, `audit` and `sheets` the log as a whole.
"""
