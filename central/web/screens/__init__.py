"""The administration that is read from the declarations: lists, forms, a thing's page, acts with a preview, exports.

Nothing here knows an area. `listing` asks the database, `fields` takes forms apart, `names` says what a row is called,
`moments` turns local times into moments; `lists`, `things`, `forms`, `acts` and `bulk` are the pages.
"""
