"""``python -m spadework``."""

from spadework.cli import main

main()
