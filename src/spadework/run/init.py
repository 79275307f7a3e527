"""A first site file, with comments, for a site of the reader's own."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Final

from spadework.errors import UserError
from spadework.intake.site import check_point
from spadework.store.dossier import write_texts

if TYPE_CHECKING:
    from pathlib import Path

_TEXT: Final = """\
[site]
name = {name}
# One of: geometry = "aoi.geojson" | bbox = [west, south, east, north] | point with radius_m. Degrees, longitude first.
point = [{lon}, {lat}]{example}
radius_m = {radius_m:g}
# base_rate_per_km2_year = 0.1   # real changes that you expect here; the probability of each event is stated for it

[period]
history_start = {history_start}   # what "normal" is learnt from: two years or more are good
start = {start}           # what you ask about
end = {end}

[[imagery]]
stac = "https://earth-search.aws.element84.com/v1"
collections = ["sentinel-2-l2a"]
max_cloud = 80            # per cent of the whole scene; looks are chosen by what is clear over your area

# [[imagery]]             # or local files, one GeoTIFF a date
# files = "stack/*.tif"
# bands = {{ blue = 1, green = 2, red = 3, nir = 4 }}

# [clear]
# scl = [4, 5, 6, 7]      # usable Sentinel-2 scene classes
# dilate_m = 20           # ground lost around every cloud, metres

# [events]
# min_pixels = 8          # smallest event that is listed

[publish]
coordinates = "5 km"      # printed coordinates are rounded to this; "exact" must be chosen

[privacy]
query = "tile"            # "tile": the catalogue learns whole degrees; "aoi": the exact box
"""

EXAMPLE: Final = (26.05, 44.43)
"""Degrees; written where no point is given, and marked as what it is."""


def write_site_file(path: Path, name: str, point: tuple[float, float] | None, radius_m: float) -> None:
    """Write a commented site file that never overwrites another.

    Raises:
        UserError: the file is there already, or the name, point or radius is none that a site can have.
        StorageError: it cannot be written.

    """
    if path.exists():
        raise UserError(str(path), "is there already", "choose another name")
    if not name.strip():
        raise UserError("--name", "is empty", "name the site, or leave --name out")
    check_point(point or EXAMPLE, "--point")
    if not 0 < radius_m < math.inf:
        raise UserError("--radius-m", f"{radius_m:g} is no radius", "give metres, more than 0")
    lon, lat = point or EXAMPLE
    example = "" if point else "   # AN EXAMPLE: put your own place here"
    end = dt.datetime.now(dt.UTC).date().replace(day=1)
    days = {"end": end, "start": end.replace(year=end.year - 1), "history_start": end.replace(year=end.year - 3)}
    write_texts(
        path.parent,
        {path.name: _TEXT.format(name=json.dumps(name), lon=lon, lat=lat, radius_m=radius_m, example=example, **days)},
    )
