"""The first run: from an empty database to a house with its first administrator, in the browser."""

from central.first_run import ops, pages
from central.web.area import Area

AREA = Area(
    name="first_run",
    modules=(ops,),
    means=pages.setup_file,
    pages=(pages.wizard,),
)
