"""The real stack, against an independent reader (xarray) of the same file."""

from __future__ import annotations

import datetime as dt
import importlib.util
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from affine import Affine

from spadework.errors import MissingExtraError
from spadework.grid import site_grid
from spadework.intake import romania
from spadework.intake.romania import ROMANIA_PERIOD, romania_file, romania_scenes

if TYPE_CHECKING:
    from spadework.cube import Chip
    from spadework.records import Scene

HERE = importlib.util.find_spec("netCDF4") is not None and any(
    found.metadata["Name"] == "nrt" and found.version == "0.2.0" for found in metadata.distributions()
)
needs_stack = pytest.mark.skipif(not HERE, reason="the Romania stack (nrt==0.2.0, extra: demo) is not installed")


@pytest.fixture(scope="module")
def scenes() -> tuple[tuple[Scene, tuple[Chip, ...]], ...]:
    return romania_scenes()


@needs_stack
def test_every_date_is_one_scene_with_one_chip_in_time_order(scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]) -> None:
    assert len(scenes) == 140
    instants = [scene.datetime for scene, _ in scenes]
    assert instants == sorted(instants)
    assert all(instant.tzinfo is dt.UTC and instant.time() == dt.time() for instant in instants)
    first, (chip,) = scenes[0]
    assert first.id == "nrt-romania-20150801"
    assert (first.platform, first.granule, first.baseline, first.sun_elevation, first.synthetic) == (
        "unknown",
        None,
        None,
        None,
        False,
    )
    assert [(name, asset.key) for name, asset in first.bands] == [("blue", "B2"), ("green", "B3"), ("red", "B4"), ("nir", "B8")]
    assert first.mask is not None
    assert (first.mask[0], first.mask[1].key) == ("scl", "SCL")
    assert chip.values.shape == (5, 100, 100)
    assert chip.values.dtype == np.uint16
    assert [asset.scale for asset in chip.assets] == [1e-4] * 4 + [1.0]
    assert scenes[-1][0].id == "nrt-romania-20210101"


@needs_stack
def test_values_are_those_of_the_file(scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]) -> None:
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(romania_file(), engine="netcdf4", mask_and_scale=False) as stack:
        for when in (0, 57, 139):
            scene, (chip,) = scenes[when]
            date = stack.isel(time=when)
            assert str(date.time.values)[:10] == scene.datetime.date().isoformat()
            for band, key in enumerate(("B2", "B3", "B4", "B8", "SCL")):
                np.testing.assert_array_equal(chip.values[band], date[key].values)
            cloudy = np.isin(date["SCL"].values, (3, 8, 9, 10)).sum()
            assert scene.cloud == pytest.approx(cloudy / 100, abs=1e-9)  # 10,000 pixels: share in per cent


@needs_stack
def test_the_transform_maps_pixel_centres_to_the_files_coordinates(scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]) -> None:
    xarray = pytest.importorskip("xarray")
    chip = scenes[0][1][0]
    place = Affine(*chip.transform)
    assert chip.crs == "EPSG:3035"
    assert (place.a, place.b, place.d, place.e) == (10.0, 0.0, 0.0, -10.0)
    with xarray.open_dataset(romania_file(), engine="netcdf4") as stack:
        for row, col in ((0, 0), (99, 99), (17, 60)):
            assert place * (col + 0.5, row + 0.5) == (float(stack.x[col]), float(stack.y[row]))


@needs_stack
def test_the_footprint_even_rounded_gives_exactly_the_grid(scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]) -> None:
    scene, (chip,) = scenes[0]
    rounded = tuple(tuple(tuple((round(x, 5), round(y, 5)) for x, y in ring) for ring in area) for area in scene.footprint)
    grid = site_grid(rounded, chip.crs, chip.transform)
    assert grid.shape == (100, 100)
    assert tuple(grid.transform)[:6] == pytest.approx(chip.transform, abs=1e-6)


@needs_stack
def test_the_period_has_looks_in_history_and_in_question(scenes: tuple[tuple[Scene, tuple[Chip, ...]], ...]) -> None:
    days = [scene.datetime.date() for scene, _ in scenes]
    assert ROMANIA_PERIOD.history_start == days[0]
    assert sum(day < ROMANIA_PERIOD.start for day in days) > 30
    assert sum(ROMANIA_PERIOD.start <= day <= ROMANIA_PERIOD.end for day in days) > 60


@needs_stack
def test_the_code_of_nrt_is_never_imported() -> None:
    code = (
        "import sys; from spadework.intake.romania import romania_scenes; romania_scenes(); "
        "sys.exit(any(m.split('.')[0] == 'nrt' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0


def test_without_the_distribution_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> Any:  # noqa: ANN401 - stands in for importlib.metadata
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(MissingExtraError, match=r"nrt==0\.2\.0 is not installed\. .*pip install 'spadework\[demo\]'"):
        romania_scenes()


@needs_stack
def test_another_version_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(romania, "VERSION", "0.1.9")
    with pytest.raises(MissingExtraError, match=r"nrt 0\.2\.0 is installed without it"):
        romania_file()
