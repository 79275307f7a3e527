"""Spadework watches places from orbit and shows its work."""

from importlib.metadata import version

__version__ = version("spadework")
