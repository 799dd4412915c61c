"""The administration that is read from the declarations: lists, forms, a thing's page, acts with a preview, exports.

Nothing here knows an area. `listing` asks the database, `fields` and `parsing` take forms apart, `names` says what rows
are called, `shown` how its values read, `moments` turns local times into moments; `lists`, `things`, `editing`, `acts`,
`bulk` and `home` are the pages, `sheet` and `screen` what they share.
"""
