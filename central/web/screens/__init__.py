"""The administration that is read from the declarations: lists, forms, a thing's page, acts with a preview, exports.

Nothing here knows an area. `listing` asks the database, `fields` and `form_values` take forms apart, `names` says what
rows are called, `cells` how their values read, `moments` turns local times into moments; `lists`, `things`,
`row_forms`, `acts`, `bulk` and `home` are the pages, `sheet` and `screen` what they share.
"""
