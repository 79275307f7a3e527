"""The site file: what it says when it is right, and one clear line when it is not."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import pytest
import shapely

from spadework.errors import GeometryError, SiteFileError, UserError
from spadework.grid import area_m2, shape_of
from spadework.intake.site import check_area, check_language, read_geojson, read_site
from spadework.records import ClearRule, ImagerySource, MaskRule, Period, PublishRule

if TYPE_CHECKING:
    from pathlib import Path

SITE = 'name = "here"\nbbox = [40.0, 34.0, 40.1, 34.1]'
PERIOD = "start = 2020-01-01\nend = 2020-06-30\nhistory_start = 2018-01-01"
STAC = 'stac = "https://example.org/v1"\ncollections = ["sentinel-2-l2a"]'


def write(root: Path, site: str = SITE, period: str = PERIOD, imagery: str = STAC, more: str = "") -> Path:
    path = root / "site.toml"
    path.write_text(f"[site]\n{site}\n[period]\n{period}\n[[imagery]]\n{imagery}\n{more}\n", encoding="utf-8")
    return path


def geojson(root: Path, geometry: object) -> str:
    (root / "aoi.geojson").write_text(json.dumps(geometry), encoding="utf-8")
    return 'name = "here"\ngeometry = "aoi.geojson"'


def polygon(*ring: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


# ---------------------------------------------------------------- right
def test_the_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    site = read_site(write(tmp_path))
    assert site.name == "here"
    assert site.period == Period(dt.date(2020, 1, 1), dt.date(2020, 6, 30), dt.date(2018, 1, 1))
    assert site.imagery == (ImagerySource(stac="https://example.org/v1", collections=("sentinel-2-l2a",), max_cloud=100.0),)
    assert site.clear == ClearRule(scl=(4, 5, 6, 7), dilate_m=20.0)
    assert site.publish == PublishRule(coordinates_m=5000.0, delay_days=0)
    assert (site.query, site.synthetic, site.min_pixels, site.base_rate) == ("tile", False, 8, 0.1)
    assert shape_of(site.aoi).bounds == (40.0, 34.0, 40.1, 34.1)


def test_every_key_arrives(tmp_path: Path) -> None:
    imagery = (
        'files = "stack/*.tif"\nbands = { red = 3, nir = 4 }\nscale = 0.01\noffset = -0.1\nnodata = -1\nmask = { band = 5, clear = [0, 1] }\n'
        'datetime_pattern = "%Y%j"\ncredit = "me"\nlicence = "mine"\n'
        '[[imagery]]\nstac = "kept/catalog.json"\ncollections = ["c"]\nmax_cloud = 40\nassets = { swir16 = "swir1" }'
    )
    more = (
        "[clear]\nscl = [4, 5]\ndilate_m = 40\nmin_share = 0.2\n[events]\nmin_pixels = 3\n"
        '[publish]\ncoordinates = "exact"\ndelay_days = 30\n[privacy]\nquery = "aoi"\n'
        '[[scene]]\npath = "v.tif"\ndatetime = 2020-05-12T08:31:00Z\nprovider = "p"\nlicence = "l"\ncredit = "c"\noff_nadir_deg = 18.0\n'
        '[[source]]\npath = "a.txt"\noutlet = "o"\npublished = 2020-05-14\nurl = "https://example.org"'
    )
    site = read_site(write(tmp_path, imagery=imagery, more=more))
    files, stac = site.imagery
    assert files == ImagerySource(
        files=str(tmp_path / "stack/*.tif"), bands=(("red", 3), ("nir", 4)), scale=0.01, offset=-0.1, nodata=-1.0, mask=MaskRule(5, (0, 1)),
        datetime_pattern="%Y%j", credit="me", licence="mine",
    )  # fmt: skip
    assert stac == ImagerySource(
        stac=str(tmp_path / "kept/catalog.json"), collections=("c",), max_cloud=40.0, assets=(("swir16", "swir1"),)
    )
    assert (site.clear, site.min_pixels, site.query) == (ClearRule((4, 5), 40.0, 0.2), 3, "aoi")
    assert site.publish == PublishRule(0.0, 30)


def test_a_base_rate_is_more_than_nothing(tmp_path: Path) -> None:
    assert read_site(write(tmp_path, site=f"{SITE}\nbase_rate_per_km2_year = 1")).base_rate == 1.0
    for wrong in ("0", "-0.1", "nan", "inf"):
        with pytest.raises(SiteFileError, match="base_rate_per_km2_year"):
            read_site(write(tmp_path, site=f"{SITE}\nbase_rate_per_km2_year = {wrong}"))


@pytest.mark.parametrize(
    ("text", "metres"),
    [("5 km", 5000.0), ("500 m", 500.0), ("2.5km", 2500.0), (" 1 km ", 1000.0), ("exact", 0.0)],
)
def test_forms_of_publish_coordinates(tmp_path: Path, text: str, metres: float) -> None:
    assert read_site(write(tmp_path, more=f'[publish]\ncoordinates = "{text}"')).publish.coordinates_m == metres


def test_a_point_with_a_radius_is_a_circle_on_the_ground(tmp_path: Path) -> None:
    site = read_site(write(tmp_path, site='name = "here"\npoint = [39.0, 60.0]\nradius_m = 1000'))
    # a 64-sided polygon has 0.16 % less area than its circle; UTM scale at its meridian 0.9996
    assert area_m2(site.aoi, "EPSG:32637") == pytest.approx(3_141_593, rel=3e-3)


@pytest.mark.parametrize("wrap", ["Feature", "FeatureCollection", "bare", "GeometryCollection"])
def test_forms_of_geojson(tmp_path: Path, wrap: str) -> None:
    bare = polygon((40.0, 34.0), (40.1, 34.0), (40.1, 34.1))
    forms = {
        "bare": bare,
        "Feature": {"type": "Feature", "properties": {}, "geometry": bare},
        "FeatureCollection": {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "geometry": bare, "properties": None}],
        },
        "GeometryCollection": {"type": "GeometryCollection", "geometries": [bare, {"type": "Point", "coordinates": [1, 2]}]},
    }
    site = read_site(write(tmp_path, site=geojson(tmp_path, forms[wrap])))
    assert shape_of(site.aoi).equals(shapely.from_geojson(json.dumps(bare)))


def test_a_hole_and_a_second_part_survive(tmp_path: Path) -> None:
    outer = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
    hole = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.4]]
    other = [[2.0, 0.0], [3.0, 0.0], [3.0, 1.0], [2.0, 0.0]]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "MultiPolygon", "coordinates": [[outer, hole], [other]]}), encoding="utf-8")
    assert shapely.area(read_geojson(path)) == pytest.approx(1 - 0.02 + 0.5)


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_site(path) == read_site(write(tmp_path))
    square = tmp_path / "aoi.geojson"
    square.write_bytes(b"\xef\xbb\xbf" + b'{"type": "Polygon", "coordinates": [[[40, 34], [41, 34], [41, 35], [40, 34]]]}')
    assert shapely.area(read_geojson(square)) == pytest.approx(0.5)


# ---------------------------------------------------------------- wrong
def refused(path: Path) -> UserError:
    """The one clear line that every mistake gets: it names the file or its part, and the mend."""
    with pytest.raises(UserError) as caught:
        read_site(path)
    error = caught.value
    text = str(error)
    assert "\n" not in text
    assert error.exit_code == 2
    assert text.startswith(error.thing)
    assert len(error.mend) > 4
    assert len(text) < 600
    return error


@pytest.mark.parametrize(
    ("parts", "key", "mend"),
    [
        pytest.param({"more": "[perid]\nx = 1"}, "perid", "'period'", id="a table"),
        pytest.param({"site": SITE + "\nnmae = 1"}, "site.nmae", "'name'", id="[site]"),
        pytest.param({"period": PERIOD + "\nhistory = 2018-01-01"}, "period.history", "'history_start'", id="[period]"),
        pytest.param({"imagery": STAC + "\nclouds = 20"}, "imagery.0.clouds", "'max_cloud'", id="[[imagery]]"),
        pytest.param({"imagery": STAC + "\nlicense = 'x'"}, "imagery.0.license", "'licence'", id="[[imagery]] licence"),
        pytest.param({"imagery": "files='*.tif'\nbands={red=1}\nmask={band=2,clear=[1],klear=[2]}"}, "imagery.0.mask.klear", "'clear'", id="mask"),
        pytest.param({"more": "[clear]\ndilation_m = 5"}, "clear.dilation_m", "'dilate_m'", id="[clear]"),
        pytest.param({"more": "[publish]\ncoordinate = '5 km'"}, "publish.coordinate", "'coordinates'", id="[publish]"),
        pytest.param({"more": "[privacy]\nqueries = 'aoi'"}, "privacy.queries", "'query'", id="[privacy]"),
        pytest.param({"more": "[[scene]]\npath='a'\ndatetime=2020-01-01T00:00:00Z\nprovider='p'\nlicence='l'\ncredit='c'\noff_nadir=1"}, "scene.0.off_nadir", "'off_nadir_deg'", id="[[scene]]"),
        pytest.param({"more": "[[source]]\npath='a'\noutlet='o'\npublished=2020-01-01\nlink='x'"}, "source.0.link", "known here", id="[[source]]"),
        pytest.param({"site": SITE + "\nzzzzqqq = 1"}, "site.zzzzqqq", "known here: base_rate_per_km2_year, bbox, geometry, name", id="nothing near"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_refused_with_the_nearest_known(tmp_path: Path, parts: dict[str, str], key: str, mend: str) -> None:
    error = refused(write(tmp_path, **parts))
    assert isinstance(error, SiteFileError)
    assert error.thing == f"{tmp_path / 'site.toml'}: {key}"
    assert error.problem == "unknown key"
    assert mend in error.mend


def test_a_misspelt_table_is_told_before_the_one_that_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("[period]", "[perod]"))
    error = refused(path)
    assert (error.problem, error.mend) == ("unknown key", "did you mean 'period'?")


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        pytest.param({"period": "start = 2020-01-01\nend = 2019-06-30\nhistory_start = 2018-01-01"}, r"\[period\].*not in that order", id="end before start"),
        pytest.param({"period": "start = 2020-01-01\nend = 2020-06-30\nhistory_start = 2020-01-01"}, r"\[period\].*not in that order", id="no history"),
        pytest.param({"period": "start = 2020-01-01\nend = 2020-06-30"}, r"period.history_start: is missing", id="a key is missing"),
        pytest.param({"period": "start = 'soon'\nend = 2020-06-30\nhistory_start = 2018-01-01"}, r"period.start: .*got 'soon'", id="no date"),
        pytest.param({"imagery": "files = '*.tif'"}, r"\[\[imagery\]\] 1: files without bands", id="files without bands"),
        pytest.param({"imagery": "stac = 'https://x.org'"}, r"\[\[imagery\]\] 1: stac without collections", id="stac without collections"),
        pytest.param({"imagery": STAC + "\nfiles = '*.tif'"}, r"\[\[imagery\]\] 1: needs either stac or files", id="both"),
        pytest.param({"imagery": "max_cloud = 3"}, r"\[\[imagery\]\] 1: needs either stac or files", id="neither"),
        pytest.param({"imagery": "files = '*.tif'\nbands = { rde = 1 }"}, r"unknown band 'rde'.*'red'", id="a band we do not know"),
        pytest.param({"imagery": STAC + "\nassets = { swir = 'x' }"}, r"unknown band 'swir'", id="a band we do not know, stac"),
        pytest.param({"imagery": "files = '*.tif'\nbands = { red = 0 }"}, r"imagery.0.bands.red: .*got 0", id="bands count from 1"),
        pytest.param({"imagery": "files = '*.tif'\nbands = { red = 1 }\nmask = { band = 'qa', clear = [1] }"}, r"mask.band of local files is a number", id="mask by name"),
        pytest.param({"imagery": STAC + "\nmax_cloud = 120"}, r"imagery.0.max_cloud: .*got 120", id="out of range"),
        pytest.param({"more": "[clear]\nscl = [4, 12]"}, r"clear.scl.1: .*got 12", id="no such class"),
        pytest.param({"more": "[clear]\ndilate_m = 400"}, r"clear.dilate_m: .*got 400", id="farther than is read"),
        pytest.param({"more": "[publish]\ncoordinates = 'near'"}, r"publish.coordinates: 'near' is no distance.*\"5 km\"", id="no distance"),
        pytest.param({"more": "[publish]\ncoordinates = '0 km'"}, r"publish.coordinates: '0 km' is no distance", id="nought must be called exact"),
        pytest.param({"imagery": "stac = 'https://x.org'\ncollections = 'x'"}, r'imagery.0.collections: takes a list. write \["x"\]', id="a text for a list"),
        pytest.param({"more": "[clear]\nscl = 4"}, r"clear.scl: takes a list. write \[4\]", id="a number for a list"),
        pytest.param({"more": "[scene]\npath = 'a.tif'"}, r"scene: takes a list. write \[\[scene\]\] with two brackets", id="a table for a list"),
        pytest.param({"site": "name = 'x'\nbbox = 4"}, r"site.bbox: .*\(got 4\)", id="a number for four"),
        pytest.param({"more": "[publish]\ndelay_days = -1"}, r"publish.delay_days", id="a negative delay"),
        pytest.param({"more": "[privacy]\nquery = 'all'"}, r"privacy.query: .*got 'all'", id="no such query"),
        pytest.param({"site": "name = ''\nbbox = [1, 2, 3, 4]"}, r"site.name", id="no name"),
        pytest.param({"site": "name = 'x'"}, r"\[site\]: needs exactly one area", id="no area"),
        pytest.param({"site": SITE + "\npoint = [1, 2]\nradius_m = 5"}, r"\[site\]: needs exactly one area", id="two areas"),
        pytest.param({"site": "name = 'x'\npoint = [1, 2]"}, r"\[site\]: needs exactly one area", id="no radius"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_key(tmp_path: Path, parts: dict[str, str], match: str) -> None:
    error = refused(write(tmp_path, **parts))
    assert re.search(match, str(error)), str(error)
    assert str(tmp_path / "site.toml") in error.thing


@pytest.mark.parametrize("code", ["en", "fr", "xx", "EN", "en-GB", "English", "", "en\n"])
def test_an_option_takes_the_languages_that_a_document_of_the_file_may_have(tmp_path: Path, code: str) -> None:
    path = write(tmp_path, more=f'[[source]]\npath = "a.txt"\noutlet = "A"\nlanguage = {json.dumps(code)}')
    if re.fullmatch("[a-z]{2}", code):
        check_language(code, "--language")
        assert read_site(path).sources[0].language == code
        return
    with pytest.raises(UserError, match="--language: ") as told:
        check_language(code, "--language")
    assert told.value.problem == refused(path).problem


@pytest.mark.parametrize(
    ("site", "match"),
    [
        pytest.param("bbox = [40, 34, 39, 35]", "site.bbox: .*west < east", id="east and west swapped"),
        pytest.param("bbox = [179.9, 10, -179.9, 11]", "site.bbox: .*west < east", id="a bbox over the antimeridian"),
        pytest.param(
            "bbox = [34, 139, 35, 140]", "site.bbox: latitude 140.0 is beyond 90.*longitude, latitude", id="latitude first"
        ),
        pytest.param("bbox = [-181, 10, -179, 11]", "site.bbox: .*antimeridian.*two sites", id="beyond 180"),
        pytest.param(
            "point = [179.999, 10]\nradius_m = 5000", "site.point: .*antimeridian", id="a circle over the antimeridian"
        ),
        pytest.param(
            "point = [34, 139]\nradius_m = 5000", "site.point: latitude 139.0 is beyond 90", id="a point with latitude first"
        ),
        pytest.param("bbox = [nan, 1, 2, 3]", "site.bbox", id="nan"),
    ],
)
def test_an_impossible_area_is_refused(tmp_path: Path, site: str, match: str) -> None:
    error = refused(write(tmp_path, site=f'name = "here"\n{site}'))
    assert isinstance(error, GeometryError)
    assert error.thing.startswith(f"{tmp_path / 'site.toml'}: site.")
    assert re.search(match, str(error)), str(error)


@pytest.mark.parametrize(
    ("geometry", "match"),
    [
        pytest.param(polygon((0, 0), (1, 1), (1, 0), (0, 1)), "crosses itself", id="a bow tie"),
        pytest.param(polygon((1, 1), (1, 1), (1, 1)), "the area is empty", id="one point, thrice"),
        pytest.param(polygon((0, 0), (1, 1), (2, 2)), "the area is empty", id="a line there and back"),
        pytest.param({"type": "Point", "coordinates": [1, 2]}, "holds no polygon", id="a point"),
        pytest.param({"type": "LineString", "coordinates": [[1, 2], [3, 4]]}, "holds no polygon", id="a line"),
        pytest.param({"type": "Polygon", "coordinates": []}, "holds no polygon", id="an empty polygon"),
        pytest.param({"type": "FeatureCollection", "features": []}, "holds no polygon", id="no feature"),
        pytest.param({"type": "Feature", "properties": {}, "geometry": None}, "is not GeoJSON", id="a feature without a place"),
        pytest.param([1, 2], "is not GeoJSON", id="a list"),
        pytest.param({"hello": "world"}, "is not GeoJSON", id="other JSON"),
        pytest.param(polygon((34, 139), (35, 139), (35, 140)), "latitude 140.0 is beyond 90", id="latitude first"),
        pytest.param(
            polygon((500_000, 4_000_000), (501_000, 4_000_000), (501_000, 4_001_000)), "is beyond 90.*EPSG:4326", id="metres"
        ),
        pytest.param(polygon((-179.9, 10), (179.9, 10), (179.9, 11)), "antimeridian", id="around the world"),
    ],
)
def test_a_geojson_that_is_no_area_is_refused_by_its_path(tmp_path: Path, geometry: object, match: str) -> None:
    error = refused(write(tmp_path, site=geojson(tmp_path, geometry)))
    assert isinstance(error, GeometryError)
    assert re.search(match, str(error)), str(error)
    assert error.thing == str(tmp_path / "aoi.geojson")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read (No such file" in str(refused(tmp_path / "none.toml"))
    assert "spadework init" in str(refused(tmp_path / "none.toml"))
    assert "aoi.geojson: cannot be read (No such file" in str(
        refused(write(tmp_path, site='name = "x"\ngeometry = "aoi.geojson"'))
    )
    path = tmp_path / "site.toml"
    path.write_text("[site\nname", encoding="utf-8")
    assert re.search(r"site.toml: is not valid TOML: .*line 1", str(refused(path)))
    path.write_bytes(b'name = "\xff"')
    assert "is not UTF-8" in str(refused(path))
    (tmp_path / "aoi.geojson").write_bytes(b"\xff\xfe")
    assert "is not GeoJSON" in str(refused(write(tmp_path, site='name = "x"\ngeometry = "aoi.geojson"')))
    assert "imagery: is missing" in str(refused(_only(path)))


def test_files_nested_too_deeply_are_named(tmp_path: Path) -> None:
    (tmp_path / "aoi.geojson").write_text("[" * 100_000)
    assert "aoi.geojson: is not GeoJSON" in str(refused(write(tmp_path, site='name = "x"\ngeometry = "aoi.geojson"')))
    assert "site.toml: is nested too deeply" in str(refused(write(tmp_path, more=f"x = {'[' * 100_000}")))


def _only(path: Path) -> Path:
    path.write_text(f"[site]\n{SITE}\n[period]\n{PERIOD}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("shape", [shapely.Polygon(), shapely.Polygon([(0, 0), (1, 1), (2, 2)])])
def test_an_area_without_area_is_refused(shape: shapely.Geometry) -> None:
    with pytest.raises(GeometryError, match="the area is empty"):
        check_area(shape, "here")
