"""What we write for others is what we found: read back by csv, by our GDAL, by Debian's, and by a plain XML parser."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from findings import HOSTILE, LOOKS, event_of, findings_of, patch
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyogrio import raw

from spadework.cube import Change
from spadework.errors import MissingExtraError
from spadework.grid import rings_of, shape_of
from spadework.publish import draw, maps, tables, words
from spadework.records import Bound, Mark
from spadework.store import vectors
from spadework.store.rasters import change_rasters

if TYPE_CHECKING:
    from spadework.records import Event, Findings, MultiPolygon

HERE: Final = Path(__file__).parent
KML: Final = {"k": "http://www.opengis.net/kml/2.2"}
NEEDS_GDAL = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="needs GDAL's command line tools")
NASTY: Final = f"=HYPERLINK(1) {HOSTILE} ]]>\x00\x1b[31m\n\ud800\u202e é 漢 $[id] %s ; \\"
"""A formula, markup, control and direction characters, half a surrogate pair, entities of a globe."""


FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a formula; the last four are their full-width twins."""


def holed() -> MultiPolygon:
    """A ring of pixels and a patch beside it."""
    ring = shape_of(patch(2, 2, 6, 6)).difference(shape_of(patch(4, 4, 2, 2)))
    return rings_of(shapely.union_all([ring, shape_of(patch(12, 2, 3, 2))]))


def mark_of(reason: str = NASTY, operator: str = "@nobody") -> Mark:
    return Mark("reject", reason, "", (), operator=operator)


EVENTS: Final = (
    event_of(p_real=0.93, base_rate=0.5, area_level=0.9),
    event_of("E2", status="rejected", geometry=holed(), mark=mark_of(), p_real=1 / 3, confirmed_on=None, area_m2=123_456.789),
    event_of("E3", status="anomaly", geometry=(), onset_earliest=None, p_real=0.2, scenes=(), phase=None),
    event_of("E4", onset_earliest=None, onset_latest=None, first_anomaly=None, confirmed_on=None, status="recovered", recovered=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to write into."""
    return tmp_path_factory.mktemp("place")


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def files_of(findings: Findings) -> dict[str, bytes]:
    table, shapes = tables.event_table(findings), tables.event_shapes(findings)
    return {
        "events.geojson": json.dumps(tables.events_geojson(findings)).encode(),
        "events.csv": tables.events_csv(findings).encode(),
        "events.kml": maps.events_kml(findings).encode(),
        "events.gpkg": vectors.geopackage("events", table, shapes, maps.about(findings)),
        "events.qml": maps.qgis_style().encode(),
    }


# ---------------------------------------------------------------- what is expected, and how it is read back
def told(event: Event, base_rate: float = 0.1) -> dict[str, Any]:
    """The flat row of an event, from the record."""
    early, late, mark = event.onset_earliest, event.onset_latest, event.mark
    return {
        "id": event.id, "status": event.status, "p_real": event.p_real,
        "base_rate": None if event.p_real is None else event.base_rate or base_rate,
        "onset_earliest": early and early.datetime, "onset_earliest_look": early and early.look,
        "onset_latest": late and late.datetime, "onset_latest_look": late and late.look,
        "first_anomaly": event.first_anomaly, "confirmed_on": event.confirmed_on,
        "area_m2": event.area_m2, "area_low_m2": event.area_low_m2, "area_high_m2": event.area_high_m2,
        "area_level": event.area_level, "phase": event.phase, "recovered": event.recovered, "method": event.method,
        "mark_action": mark and mark.action, "mark_reason": mark and (words.clean(mark.reason).strip() or None),
        "mark_operator": mark and (words.clean(mark.operator).strip() or None),
        "scenes": "; ".join(f"{scene.id} {scene.sha256}" for scene in event.scenes) or None,
    }  # fmt: skip


def as_told(name: str, text: Any) -> Any:  # noqa: ANN401 - whatever a reader of some format gives
    """A value as some reader gives it, as the record has it."""
    if text is None or text == "" or text != text:  # noqa: PLR0124 - NaN
        return None
    if name in ("onset_earliest", "onset_latest"):
        moment = dt.datetime.fromisoformat(str(text).replace("/", "-"))
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if name in ("first_anomaly", "confirmed_on"):
        return dt.date.fromisoformat(str(text)[:10].replace("/", "-"))
    if name == "recovered":
        return str(text).lower() in ("true", "1")
    return float(text) if tables.EVENT_COLUMNS[name] == "f8" else text


def assert_told(event: Event, row: dict[str, Any], shape: shapely.Geometry | None, finest: dt.timedelta) -> None:
    expected = told(event)
    for name, value in expected.items():
        back = as_told(name, row.get(name))
        if isinstance(value, dt.datetime):
            assert dt.timedelta(0) <= value - back <= finest, name
        else:
            assert back == value, name
    if not event.geometry:
        assert shape is None
        return
    assert isinstance(shape, shapely.MultiPolygon)
    assert shapely.equals_exact(shapely.normalize(shape), shapely.normalize(shape_of(event.geometry)), tolerance=1e-9)


def csv_rows(data: bytes) -> list[tuple[dict[str, Any], shapely.Geometry | None]]:
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    for row in rows:
        for name, value in row.items():
            assert not value.startswith(FORMULA)
            row[name] = value[1:] if value.startswith(tuple(f"'{sign}" for sign in FORMULA)) else value
    return [(row, shapely.from_wkt(row["wkt"]) if row["wkt"] else None) for row in rows]


def gdal_rows(path: Path) -> list[tuple[dict[str, Any], shapely.Geometry | None]]:
    """Read by the GDAL inside pyogrio."""
    meta, _, shapes, columns = raw.read(path, datetime_as_string=True)
    rows = [dict(zip(meta["fields"], values, strict=True)) for values in zip(*columns, strict=True)]
    return [(row, None if shape is None else shapely.from_wkb(shape)) for row, shape in zip(rows, shapes, strict=True)]


# ---------------------------------------------------------------- round trips
INSTANTS = st.datetimes(dt.datetime(1984, 1, 1), dt.datetime(2099, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001 - hypothesis adds it
DAYS = st.none() | st.dates(dt.date(1984, 1, 1), dt.date(2099, 1, 1))
AREAS = st.floats(0, 1e9)
SHARES = st.none() | st.floats(0, 1)
TEXTS = st.text(st.characters() | st.sampled_from("=+-@'\"<>&;,\n\r\t\x00\ud800\u202e"), max_size=30)
CORNERS = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 6), st.integers(1, 6))
OUTLINES = st.just(()) | st.just(holed()) | CORNERS.map(lambda box: patch(*box))
BOUNDS = st.none() | st.builds(
    lambda moment, index: Bound(LOOKS[index].id, moment, LOOKS[index].scenes), INSTANTS, st.integers(0, len(LOOKS) - 1)
)
ANY_EVENT = st.builds(
    event_of, status=st.sampled_from(sorted(words.STATUS)), geometry=OUTLINES, onset_earliest=BOUNDS,
    onset_latest=BOUNDS, first_anomaly=DAYS, confirmed_on=DAYS, area_m2=AREAS, area_low_m2=AREAS, area_high_m2=AREAS, area_level=SHARES,
    p_real=SHARES, recovered=st.booleans(), mark=st.none() | st.builds(mark_of, TEXTS, TEXTS),
)  # fmt: skip
MICRO, MILLI = dt.timedelta(0), dt.timedelta(milliseconds=1)


@settings(max_examples=50)
@given(st.lists(ANY_EVENT, max_size=3))
def test_every_file_gives_back_what_was_found(place: Path, found: list[Event]) -> None:
    events = [dataclasses.replace(event, id=f"E{n}") for n, event in enumerate(found)]
    files = files_of(findings_of(*events))
    write(place, files)
    kml, gpkg = gdal_rows(place / "events.kml"), gdal_rows(place / "events.gpkg")
    for rows, finest in ((csv_rows(files["events.csv"]), MICRO), (kml, MICRO), (gpkg, MILLI)):
        assert len(rows) == len(events)
        for event, (row, shape) in zip(events, rows, strict=True):
            assert_told(event, row, shape, finest)


def test_the_kinds_of_a_geopackage_are_real_ones_even_without_events(place: Path) -> None:
    for events in ((), EVENTS):
        info = pyogrio.read_info(write(place, files_of(findings_of(*events))) / "events.gpkg")
        assert info["features"] == len(events)
        assert (info["layer_name"], info["geometry_type"], info["crs"]) == ("events", "MultiPolygon", "EPSG:4326")
        kinds = dict(zip(info["fields"], info["dtypes"], strict=True))
        assert [kinds[name] for name in ("id", "area_m2", "onset_latest", "confirmed_on", "recovered")] == [
            "object", "float64", "datetime64[ms]", "datetime64[D]", "bool",
        ]  # fmt: skip
        assert list(kinds) == list(tables.EVENT_COLUMNS)


def test_no_events_are_valid_empty_files() -> None:
    files = files_of(findings_of())
    assert files["events.csv"].decode().splitlines() == [",".join((*tables.EVENT_COLUMNS, "wkt"))]
    assert json.loads(files["events.geojson"])["features"] == []
    root = ET.fromstring(files["events.kml"])  # noqa: S314 - our own text
    assert root.findall(".//k:Style", KML)
    assert not root.findall(".//k:Placemark", KML)


def test_a_withheld_outline_is_null_and_the_row_stays() -> None:
    (feature,) = tables.events_geojson(findings_of(EVENTS[2]))["features"]
    assert feature["geometry"] is None
    assert feature["properties"]["id"] == "E3"
    assert csv_rows(tables.events_csv(findings_of(EVENTS[2])).encode())[0][1] is None


def signed(ring: Any) -> float:  # noqa: ANN401 - a ring of GeoJSON or of shapely
    x, y = np.array(ring)[:, :2].T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)  # positive: anticlockwise


def test_outer_rings_turn_anticlockwise_and_holes_clockwise_in_every_file(place: Path) -> None:
    backwards = tuple(tuple(ring[::-1] for ring in part) for part in holed())
    for area in (holed(), backwards):
        findings = findings_of(event_of(geometry=area))
        files = files_of(findings)
        write(place, files)
        (feature,) = json.loads(files["events.geojson"])["features"]
        ((_, text),), ((_, kml),), ((_, gpkg),) = (
            csv_rows(files["events.csv"]), gdal_rows(place / "events.kml"), gdal_rows(place / "events.gpkg")
        )  # fmt: skip
        made = [json.loads(shapely.to_geojson(shape))["coordinates"] for shape in (text, kml, gpkg) if shape]
        assert len(made) == 3
        for parts in (feature["geometry"]["coordinates"], *made):
            assert len(parts) == 2
            assert sorted(len(rings) for rings in parts) == [1, 2]
            for outer, *holes in parts:
                assert signed(outer) > 0
                assert all(signed(hole) < 0 for hole in holes)


# ---------------------------------------------------------------- CSV
@pytest.mark.parametrize("first", FORMULA)
def test_what_a_spreadsheet_takes_for_a_formula_is_text(first: str) -> None:
    text = tables.events_csv(findings_of(event_of(mark=mark_of(f"{first}cmd|'/c calc'!A1"))))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["mark_reason"] == f"'{first}cmd|'/c calc'!A1"
    assert row["mark_operator"] == "'@nobody"


def test_csv_is_one_line_an_event_hand_workable() -> None:
    lines = tables.events_csv(findings_of(*EVENTS)).splitlines()
    assert len(lines) == 1 + len(EVENTS)
    assert lines[1].startswith(
        "E20200517-0008-0010,confirmed,0.93,0.5,2020-05-12T08:21:09Z,sentinel-2a-20200512T082109,"
        "2020-05-17T08:21:09Z,sentinel-2a-20200517T082109,2020-05-17,2020-06-09,1200.0,200.0,1500.0,0.9,grew,false,,,,,"
        f'S2A_37SFA_20200512_0_L2A {4:064x}; S2A_37SFA_20200517_0_L2A {5:064x},"MULTIPOLYGON (((40.9611613'
    )  # fmt: skip
    assert lines[4].startswith("E4,recovered,,,,,,,,,1200.0")


# ---------------------------------------------------------------- GeoPackage
ONCE = """
import hashlib, test_exports as t
for n in (0, 1, 50):
    events = [t.EVENTS[i % 4] for i in range(n)]
    print(hashlib.sha256(t.files_of(t.findings_of(*events))["events.gpkg"]).hexdigest())
"""


def test_the_same_events_give_the_same_geopackage_in_any_process() -> None:
    here = [
        hashlib.sha256(files_of(findings_of(*(EVENTS[i % 4] for i in range(n))))["events.gpkg"]).hexdigest() for n in (0, 1, 50)
    ]
    for zone in ("Asia/Tokyo", "America/Lima"):
        path = os.pathsep.join([str(HERE), *sys.path])
        env = {**os.environ, "TZ": zone, "PYTHONPATH": path, "PYTHONHASHSEED": str(len(zone))}
        done = subprocess.run([sys.executable, "-c", ONCE], env=env, capture_output=True, text=True, check=True, timeout=120)
        assert done.stdout.split() == here
    assert len(set(here)) == 3


def test_a_geopackage_is_a_sound_database_and_nothing_is_left_behind(tmp_path: Path) -> None:
    base = sqlite3.connect(write(tmp_path, files_of(findings_of(*EVENTS))) / "events.gpkg")
    try:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert base.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"GPKG"),)
        described = base.execute("SELECT table_name, data_type, description, last_change FROM gpkg_contents").fetchall()
    finally:
        base.close()
    assert described == [("events", "features", maps.about(findings_of()), "2000-01-01T00:00:00.000Z")]
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None
    assert pyogrio.vsi_listtree("/vsimem/") == []


def test_without_pyogrio_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vectors.vectors_available()
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    assert not vectors.vectors_available()
    with pytest.raises(MissingExtraError, match=r"spadework\[gis\]"):
        vectors.geopackage("events", tables.event_table(findings_of()), (), "")


def test_a_synthetic_place_is_called_synthetic() -> None:
    findings = dataclasses.replace(findings_of(), site=dataclasses.replace(findings_of().site, synthetic=True))
    assert "synthetic data, not a real place" in maps.about(findings)
    assert "synthetic data, not a real place" in maps.events_kml(findings)


# ---------------------------------------------------------------- KML and the QGIS style
class Tags(HTMLParser):
    """Tags that a globe would see in a description."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as the parser calls it
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_kml_tells_an_event_in_plain_words_and_runs_nothing() -> None:
    findings = dataclasses.replace(findings_of(*EVENTS), site=dataclasses.replace(findings_of().site, name=HOSTILE))
    root = ET.fromstring(maps.events_kml(findings))  # noqa: S314 - our own text
    placemarks = root.findall(".//k:Placemark", KML)
    assert [p.findtext("k:name", "", KML) for p in placemarks] == [event.id for event in EVENTS]
    for event, placemark in zip(EVENTS, placemarks, strict=True):
        shown = Tags(placemark.findtext("k:description", "", KML))
        assert set(shown.tags) <= {"br"}
        assert shown.words[:3] == [
            f"Status: {words.STATUS[event.status]}.",
            f"Onset: {words.onset(event, {look.id: look for look in LOOKS})}.",
            next(line for line in shown.words if line.startswith("Area: about ")),
        ]
        assert placemark.findtext("k:styleUrl", "", KML) == f"#{event.status}"
        begun = placemark.findtext("k:TimeSpan/k:begin", None, KML)
        assert begun == (None if event.onset_latest is None else "2020-05-17T08:21:09Z")
    assert "Area: about 1,200 m² (200 to 1,500 m²); the interval holds the true area in 90 % of cases." in "".join(
        root.itertext()
    )
    assert set(Tags(root.findtext("k:Document/k:description", "", KML)).tags) <= {"br"}


def test_the_colours_of_the_globe_and_of_qgis_are_those_of_the_figures() -> None:
    root = ET.fromstring(maps.events_kml(findings_of()))  # noqa: S314 - our own text
    for style in root.findall(".//k:Style", KML):
        colour = style.findtext("k:LineStyle/k:color", "", KML)  # opacity, blue, green, red
        assert f"#{colour[6:]}{colour[4:6]}{colour[2:4]}" == draw.STATUS_COLOUR[style.attrib["id"]]
    qml = ET.fromstring(maps.qgis_style())  # noqa: S314 - our own text
    symbols = {symbol.attrib["name"]: symbol for symbol in qml.findall(".//symbol")}
    categories = qml.findall(".//category")
    assert {c.attrib["value"]: c.attrib["label"] for c in categories} == words.STATUS
    for category in categories:
        symbol = symbols[category.attrib["symbol"]]
        shown = {prop.attrib["k"]: prop.attrib["v"] for prop in symbol.findall(".//prop")}
        red, green, blue, opacity = map(int, shown["outline_color"].split(","))
        assert f"#{red:02x}{green:02x}{blue:02x}" == draw.STATUS_COLOUR[category.attrib["value"]]
        assert opacity == 255
    renderer = qml.find("renderer-v2")
    assert renderer is not None
    assert renderer.attrib["attr"] in tables.EVENT_COLUMNS
    text = qml.find(".//text-style")
    assert text is not None
    assert text.attrib["fieldName"] in tables.EVENT_COLUMNS


# ---------------------------------------------------------------- GDAL's own tools, another GDAL than ours
@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("exports"), files_of(findings_of(*EVENTS)))


def tool(*arguments: str | Path) -> str:
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


OPTIONS: Final = {
    "events.geojson": (),
    "events.gpkg": (),
    "events.kml": (),
    "events.csv": ("-oo", "AUTODETECT_TYPE=YES", "-oo", "GEOM_POSSIBLE_NAMES=wkt", "-oo", "KEEP_GEOM_COLUMNS=NO", "-a_srs", "EPSG:4326"),
}  # fmt: skip


@NEEDS_GDAL
@pytest.mark.parametrize("name", OPTIONS)
def test_gdal_reads_back_the_events(folder: Path, name: str) -> None:
    text = tool("ogr2ogr", "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=15", *OPTIONS[name], "/vsistdout/", folder / name)
    features = json.loads(text)["features"]
    assert [feature.get("id") or feature["properties"]["id"] for feature in features] == [event.id for event in EVENTS]
    for event, feature in zip(EVENTS, features, strict=True):
        row, geometry = feature["properties"], feature["geometry"]
        shape = None if geometry is None else shapely.geometry.shape(geometry)
        if name == "events.geojson":
            assert [row["area_m2"], row["status"]] == [event.area_m2, event.status]
            assert (shape is None) == (event.geometry == ())
            continue
        if name == "events.csv" and row["mark_reason"]:
            row |= {key: row[key][1:] for key in ("mark_reason", "mark_operator")}
        assert_told(event, row, shape, MILLI)


@NEEDS_GDAL
def test_gdal_finds_dates_and_numbers_in_the_geopackage(folder: Path) -> None:
    text = tool("ogrinfo", "-so", folder / "events.gpkg", "events")
    for line in ("Geometry: Multi Polygon", f"Feature Count: {len(EVENTS)}", "onset_latest: DateTime", "confirmed_on: Date", "area_m2: Real", "recovered: Integer(Boolean)"):  # fmt: skip
        assert line in text


@NEEDS_GDAL
def test_gdal_opens_the_rasters_of_a_dossier(tmp_path: Path) -> None:
    days, flags = np.array([[18_000, 0], [-1, -1]], np.int32), np.array([[0, 0], [1, 4]], np.uint8)
    change = Change(
        first_anomaly=days, confirmed=days, statistic=np.array([[9, 1], [np.nan, np.nan]], np.float32),
        clear_looks=np.array([[20, 20], [2, 0]], np.uint16), reason=flags, method=flags, recovered=flags > 0, anomalous=flags[None] > 1,
    )  # fmt: skip
    grid = GeoBox((2, 2), Affine(10, 0, 680_000, 0, -10, 3_815_000), "EPSG:32637")
    for name, data in change_rasters(change, grid, synthetic=True).items():
        path = tmp_path / Path(name).name
        path.write_bytes(data)
        info = json.loads(tool("gdalinfo", "-json", path))
        assert info["size"] == [2, 2]
        assert info["geoTransform"] == [680_000, 10, 0, 3_815_000, 0, -10]
        assert 'ID["EPSG",32637]' in info["coordinateSystem"]["wkt"]
        assert len(info["bands"]) == 1
        assert info["bands"][0]["description"]
