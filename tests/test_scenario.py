"""Scenario files: what is read, and how each mistake is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest

from spadework.errors import SiteFileError
from spadework.intake.scenario import Nuisance, Plant, builtin_scenario, parse_scenario, read_scenario
from spadework.simulate import NUISANCE_X1

if TYPE_CHECKING:
    from pathlib import Path

FRAME = """
[scenario]
name = "two-pits"
seed = 7
rows = 40
cols = 50
gsd_m = 10
crs = "EPSG:32637"
west = 500000.0
north = 2200000.0
start = 2022-01-01
watch_from = 2023-01-01
end = 2023-12-31
"""
PLANT = """
[[plant]]
name = "pit"
row = 20
col = 20
pixels = 9
start = 2023-03-01
contrast = 0.05
"""


def test_a_file_gives_its_values_and_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(FRAME + PLANT + "[nuisance]\nnoise = 0\n", encoding="utf-8")
    scenario = read_scenario(path)
    assert (scenario.name, scenario.rows, scenario.cols, scenario.gsd_m) == ("two-pits", 40, 50, 10.0)
    assert (scenario.start, scenario.watch_from, scenario.end) == (
        dt.date(2022, 1, 1),
        dt.date(2023, 1, 1),
        dt.date(2023, 12, 31),
    )
    assert (scenario.revisit_days, scenario.cloud_share) == (5, 0.25)
    assert scenario.nuisance == Nuisance(noise=0.0)
    assert scenario.plants == (Plant("pit", 20, 20, 9, dt.date(2023, 3, 1), 0.05, "spoil", "disc", 0),)


def test_the_builtin_desert_has_three_plants_of_different_size_and_contrast() -> None:
    arid = builtin_scenario("arid")
    assert [(plant.pixels, plant.contrast) for plant in arid.plants] == [(90, 0.10), (40, 0.06), (16, 0.04)]
    assert all(plant.start > arid.watch_from for plant in arid.plants)
    assert (arid.plants[0].last - arid.plants[0].start).days == 150
    assert (arid.watch_from - arid.start).days == 730


def test_the_other_builtin_worlds_have_covers_plants_and_every_nuisance() -> None:
    for name in ("mixed", "fields", "forest"):
        scenario = builtin_scenario(name)
        assert sum(astuple(scenario.cover)) == pytest.approx(1)
        assert scenario.nuisance == NUISANCE_X1
        assert len(scenario.plants) >= 8
        assert len({plant.kind for plant in scenario.plants}) >= 3


def test_thousands_of_plants_are_checked_in_a_moment() -> None:
    frame = FRAME.replace("rows = 40", "rows = 800").replace("cols = 50", "cols = 800")
    plants = "".join(
        PLANT.replace('"pit"', f'"pit {row} {col}"').replace("row = 20", f"row = {row}").replace("col = 20", f"col = {col}")
        for row in range(10, 790, 12)
        for col in range(10, 790, 12)
    )
    assert len(parse_scenario(frame + plants, "many.toml").plants) == 65 * 65


def test_an_unknown_builtin_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SiteFileError, match=r"moon: not a built-in scenario\. Built in: arid"):
        builtin_scenario("moon")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FRAME.replace("rows", "rowz"), r'key "rowz": not known\. Did you mean "rows"\?'),
        (FRAME + PLANT.replace("contrast", "contrats"), r'\[\[plant\]\] key "contrats": not known\. Did you mean "contrast"\?'),
        (FRAME + "[nuisance]\nnose = 0.1", r'\[nuisance\] key "nose": not known\. Did you mean "noise"\?'),
        (FRAME + "[nusance]\nnoise = 0.1", r'top-level key "nusance": not known\. Did you mean "nuisance"\?'),
        (FRAME + "[cover]\ncorp = 0.1", r'\[cover\] key "corp": not known\. Did you mean "crop"\?'),
        (FRAME + "[cover]\ncrop = 0.5", r"\[cover\]: its shares sum to 1\.5\. Make arid, crop, grass and forest sum to 1"),
        (FRAME + "[nuisance]\nsnow = 2", r'key "snow": 2\.0 is beyond its limits'),
        (FRAME + "[[plant]]\nzzzzzz = 1", r'key "zzzzzz": not known\. Known here: name, row'),
        (FRAME.replace("seed = 7\n", ""), r'\[scenario\]: key "seed" is missing'),
        (FRAME.replace("seed = 7", "seed = true"), r'key "seed": True is not a whole number'),
        (FRAME.replace("rows = 40", "rows = 40.5"), r'key "rows": 40\.5 is not a whole number'),
        (FRAME.replace("rows = 40", "rows = 0"), r'key "rows": 0 is beyond its limits\. It lies from 16 to 4096'),
        (FRAME.replace("gsd_m = 10", "gsd_m = nan"), r'key "gsd_m": nan is not a number'),
        (FRAME.replace("start = 2022-01-01", 'start = "2022-01-01"'), r"is not a date such as"),
        (FRAME.replace("start = 2022-01-01", "start = 2022-01-01T00:00:00Z"), r"is not a date such as"),
        (FRAME.replace("start = 2022-01-01", "start = 2023-01-01"), r"are not in order\. History comes first"),
        (FRAME.replace("two-pits", "Two pits"), r"'Two pits' cannot be part of an id"),
        (FRAME.replace("32637", "4326"), r"'EPSG:4326' is not a projected system in metres"),
        (FRAME.replace("32637", "2263"), r"'EPSG:2263' is not a projected system in metres"),
        (FRAME.replace("EPSG:32637", "EPSG:1"), r"'EPSG:1' is not a projected system in metres"),
        (FRAME + PLANT.replace("row = 20", "row = 1"), r'"pit": 9 pixels around row 1, column 20 do not fit'),
        (FRAME + PLANT.replace("2023-03-01", "2024-03-01"), r"outside the images"),
        (FRAME + PLANT + "grows_days = 400", r"grows from 2023-03-01 to 2024-04-04, outside the images"),
        (FRAME + PLANT + 'kind = "tunnel"', r"'tunnel' is not one of its values\. Choose one of \"spoil\", \"cut\", \"pad\""),
        (FRAME + PLANT + PLANT.replace('"pit"', '"pit 2"').replace("col = 20", "col = 23"), r'"pit": it may touch "pit 2"'),
        (FRAME + PLANT + PLANT.replace("col = 20", "col = 40"), r'"pit": two plants have this name'),
        (FRAME + PLANT.replace("[[plant]]", "[plant]"), r"Write \[\[plant\]\] with two brackets"),
        ("scenario = 3", r"\[scenario\]: not a table"),
        ("", r"no \[scenario\] table"),
        ("[scenario", r"not valid TOML"),
        pytest.param("a = " + "[" * 100_000, r"not valid TOML", id="nested too deeply"),
    ],
)
def test_each_mistake_is_named_with_its_mend(text: str, message: str) -> None:
    with pytest.raises(SiteFileError, match=message) as caught:
        parse_scenario(text, "world.toml")
    assert str(caught.value).startswith("world.toml")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_the_users_matter(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="cannot be read"):
        read_scenario(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(SiteFileError, match="cannot be read"):
        read_scenario(tmp_path / "latin.toml")
