"""`python -m armful`."""

from armful.cli import main

main()
