"""`python -m parterre`."""

from parterre.cli import main

main()
