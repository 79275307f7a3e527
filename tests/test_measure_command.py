"""``spadework measure`` through the command line: the contract of its JSON, refusals, and points in every unit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from scipy.special import ndtr
from typer.testing import CliRunner

from spadework.cli import app
from spadework.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # written here without one
UTM = (500_000.0, 3_730_000.0)
GSD = 0.5
WIDTH = 4.57


def opening(root: Path, name: str = "may_20200512.tif", dtype: str = "uint16", crs: str | None = "EPSG:32639") -> Path:
    """An opening WIDTH metres wide, its middle 30 m right of the left edge, dark between bright ground, along columns."""
    x = (np.arange(120) + 0.5) * GSD
    left, right = 30 - WIDTH / 2, 30 + WIDTH / 2
    profile = 1 - 0.6 * (ndtr((x - left) / 0.35) - ndtr((x - right) / 0.35))
    top = {"uint8": 200, "uint16": 1600, "float32": 0.3}[dtype]
    rng = np.random.default_rng(5)
    values = top * (np.tile(profile, (100, 1)) + rng.normal(0, 0.01, (100, 120)))
    path = root / name
    profile_of = {"driver": "GTiff", "height": 100, "width": 120, "count": 1, "dtype": dtype, "crs": crs}
    if crs:
        profile_of["transform"] = Affine(GSD, 0, UTM[0], 0, -GSD, UTM[1])
    with rasterio.open(path, "w", **profile_of) as file:
        file.write(values.astype(dtype), 1)
    return path


def line(*metres: float) -> str:
    return ",".join(str(value) for value in metres)


ACROSS = line(UTM[0] + 24, UTM[1] - 25, UTM[0] + 36, UTM[1] - 25)


def asked(*words: str | Path) -> Any:  # noqa: ANN401 - any JSON
    done = CliRunner().invoke(app, [str(word) for word in ("measure", *words, "--json")])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


def test_a_width_has_the_shape_that_programs_read(tmp_path: Path) -> None:
    told = asked("width", opening(tmp_path), "--line", ACROSS)
    assert {"value_m", "interval_m", "level", "budget", "gsd_m", "refused", "warnings"} <= set(told)
    low, high = told["interval_m"]
    assert low < told["value_m"] < high
    assert told["value_m"] == pytest.approx(WIDTH, abs=0.1)
    assert (told["level"], told["gsd_m"], told["refused"]) == (0.9, 0.5, None)
    assert told["budget"]
    assert told["scene"] == "may_20200512"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pixels_and_map_units_of_any_depth_measure_the_same(tmp_path: Path, dtype: str) -> None:
    path = opening(tmp_path, dtype=dtype)
    on_map = asked("width", path, "--line", ACROSS)["value_m"]
    assert asked("width", path, "--line", "48,50,72,50", "--pixels")["value_m"] == pytest.approx(on_map, abs=1e-6)


def test_an_image_without_a_georeference_needs_its_gsd(tmp_path: Path) -> None:
    bare = opening(tmp_path, crs=None)
    told = asked("width", bare, "--line", "48,50,72,50", "--gsd", "0.5")
    assert told["value_m"] == pytest.approx(WIDTH, abs=0.1)
    assert told["gsd_m"] == 0.5
    done = CliRunner().invoke(app, ["measure", "width", str(bare), "--line", "48,50,72,50"])
    assert isinstance(done.exception, UserError)
    assert "--gsd" in done.exception.mend
    assert done.exception.exit_code == 2


def test_a_gsd_that_the_file_contradicts_is_told_of(tmp_path: Path) -> None:
    told = asked("width", opening(tmp_path), "--line", ACROSS, "--gsd", "2")
    assert told["value_m"] == pytest.approx(WIDTH, abs=0.1)
    assert any("its own georeference was used" in warning for warning in told["warnings"])


def test_what_is_no_opening_is_refused_with_the_reason_and_exit_0(tmp_path: Path) -> None:
    told = asked("width", opening(tmp_path), "--line", line(UTM[0] + 4, UTM[1] - 25, UTM[0] + 16, UTM[1] - 25))
    assert (told["value_m"], told["interval_m"]) == (None, None)
    assert told["refused"]


@pytest.mark.parametrize("spelt", [["--line", "-5,2,3,4"], ["--line=-5,2,3,4"]])
def test_a_negative_coordinate_is_a_coordinate(tmp_path: Path, spelt: list[str]) -> None:
    done = CliRunner().invoke(app, ["measure", "width", str(opening(tmp_path, crs=None)), *spelt, "--gsd", "0.5"])
    assert done.exit_code == 0, done.output
    assert "not measured" in done.output  # its start lies outside the image


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--line", "1,2,3"], "no points"),
        (["--line", "1,2,x,4"], "no list of numbers"),
        (["--line", "1,2,nan,4"], "finite"),
        (["--line", "1,2,3,4"], "outside the image"),
        (["--line", ACROSS, "--bands", "red"], "is no band"),
        (["--line", ACROSS, "--bands", "red=9"], "band 9 was asked for"),
    ],
)
def test_what_is_typed_wrong_is_named(tmp_path: Path, words: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["measure", "width", str(opening(tmp_path)), *words])
    assert isinstance(done.exception, UserError)
    assert message in str(done.exception)


def test_people_read_a_width_with_its_interval_and_what_it_is_not(tmp_path: Path) -> None:
    picture = tmp_path / "w.png"
    done = CliRunner().invoke(app, ["measure", "width", str(opening(tmp_path)), "--line", ACROSS, "--figure", str(picture)])
    assert done.stdout.startswith("width of the opening as seen from above: 4.")
    assert "90 % interval" in done.stdout
    assert "pixels of 0.5 m" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_every_tool_answers(tmp_path: Path) -> None:
    path = opening(tmp_path)
    x, y = UTM
    square = line(x + 10, y - 10, x + 20, y - 10, x + 20, y - 20, x + 10, y - 20)
    assert asked("length", path, "--line", line(x + 10, y - 10, x + 13, y - 14))["value_m"] == pytest.approx(5, rel=1e-3)
    assert asked("area", path, "--outline", square)["value_m2"] == pytest.approx(100, rel=2e-3)
    heap = asked("spoil", path, "--outline", square)
    assert heap["kind"] == "at most"
    assert heap["value_m3"] > 0
    shade = asked("shadow", path, "--line", line(x + 10, y - 10, x + 20, y - 10), "--sun", "45,270")
    assert shade["value_m"] == pytest.approx(10, rel=1e-2)
    spoil, tunnel = asked("excavation", path, "--outline", square)["measurements"]
    assert (spoil["quantity"], tunnel["quantity"]) == ("spoil volume", "excavation length")
    width, *through = asked("passage", path, "--line", ACROSS)["measurements"]
    assert width["quantity"] == "width"
    assert all(0 <= one["value"] <= 1 and one["label"] for one in through)


def test_terrain_says_slope_cover_and_daylight(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    rows, cols = np.mgrid[:60, :60]
    heights = (200 - np.abs(cols - 30) * 5.0 + 0 * rows).astype(np.float32)
    with rasterio.open(
        path, "w", driver="GTiff", height=60, width=60, count=1, dtype="float32", crs="EPSG:32639", transform=Affine(30, 0, *UTM[:1], 0, -30, UTM[1])
    ) as file:  # fmt: skip
        file.write(heights, 1)
    told = asked("terrain", path, "--point", line(UTM[0] + 300, UTM[1] - 900), "--bearing", "90")["measurements"]
    assert [one["quantity"] for one in told] == ["slope", "cover", "daylight"]
    assert told[0]["value_deg"] == pytest.approx(np.degrees(np.arctan(5 / 30)), abs=0.3)
    done = CliRunner().invoke(app, ["measure", "terrain", str(path), "--point", "0,0", "--bearing", "90"])
    assert isinstance(done.exception, UserError)
