"""The exception tree, and the one table that turns it into exit codes.

SpadeworkError
 +- OutsideError            the world failed: exit 1
 |   +- CatalogueError      a STAC catalogue did not answer, or not with STAC
 |   +- StorageError        no space, no permission, a damaged dossier
 +- UserError               the user's file, geometry, options or data: exit 2
 |   +- SiteFileError       a key or value of the site file
 |   +- GeometryError       the area of interest
 |   +- NoImageryError      nothing to look at: no scene meets the area and the period
 |   +- MissingExtraError   an optional part is not installed
 +- SceneError              one Scene cannot be used; the run goes on without it: exit 3

Every error names the thing, says what is wrong with it and how to mend it, in one line.
"""

from __future__ import annotations


class SpadeworkError(Exception):
    """Base of all errors that Spadework raises on purpose."""

    exit_code = 1

    def __init__(self, thing: str, problem: str, mend: str) -> None:
        """Name the thing, what is wrong with it and the mend."""
        super().__init__(f"{thing}: {problem.rstrip('.')}. {mend}")
        self.thing = thing
        """The file, key, Scene or address at fault."""
        self.problem = problem
        """What is wrong with it."""
        self.mend = mend
        """What the user can do about it."""


class OutsideError(SpadeworkError):
    """The outside world failed."""


class CatalogueError(OutsideError):
    """A catalogue did not answer, or not with STAC."""


class StorageError(OutsideError):
    """The dossier cannot be written or is damaged."""


class UserError(SpadeworkError):
    """The user's file, geometry, options or data."""

    exit_code = 2


class SiteFileError(UserError):
    """A key or value of the site file."""


class GeometryError(UserError):
    """The area of interest."""


class NoImageryError(UserError):
    """No Scene meets the area and the period."""


class MissingExtraError(UserError):
    """An optional part of Spadework is not installed."""


class SceneError(SpadeworkError):
    """One Scene cannot be used; the run goes on without it."""

    exit_code = 3
