"""The site file's tables about very-high-resolution images: what they say when they are right, one clear line when not."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from spadework.errors import SiteFileError
from spadework.intake.site import read_site
from spadework.records import MeasureRule, SceneFile, SightingRule, Truth

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
[site]
name = "here"
bbox = [40.0, 34.0, 40.1, 34.1]
{synthetic}
[period]
start = 2020-01-01
end = 2020-06-30
history_start = 2018-01-01
[[imagery]]
stac = "https://example.org/v1"
collections = ["sentinel-2-l2a"]
"""
SCENE = """
[[scene]]
path = "vhr/may.tif"
datetime = 2020-05-12T08:31:00Z
provider = "p"
licence = "l"
credit = "c"
"""
WIDTH = """
[[measure]]
id = "cut"
scene = "may"
quantity = "width"
points = [[1, 2], [3, 4]]
"""


def write(root: Path, more: str, *, synthetic: bool = False) -> Path:
    path = root / "site.toml"
    path.write_text(HEAD.format(synthetic="synthetic = true" if synthetic else "") + more, encoding="utf-8")
    return path


def test_a_scene_is_named_after_its_file_and_its_path_is_beside_the_site_file(tmp_path: Path) -> None:
    (scene,) = read_site(write(tmp_path, SCENE)).scenes
    when = dt.datetime(2020, 5, 12, 8, 31, tzinfo=dt.UTC)
    assert scene == SceneFile("may", str(tmp_path / "vhr/may.tif"), when, "p", "l", "c")


def test_scenes_come_in_time_order_whatever_the_file_says(tmp_path: Path) -> None:
    april = SCENE.replace("may", "april").replace("2020-05-12", "2020-04-01")
    assert [scene.id for scene in read_site(write(tmp_path, SCENE + april)).scenes] == ["april", "may"]


def test_every_key_of_scenes_measurements_and_sightings_arrives(tmp_path: Path) -> None:
    scene = SCENE.replace('path = "vhr/may.tif"', 'path = "x.tif"\nid = "may"') + (
        'platform = "EROS-B"\nbands = { pan = 1 }\ngsd_m = 0.7\noff_nadir_deg = 18\nview_azimuth_deg = 90\nsun_elevation_deg = 60\n'
        "sun_azimuth_deg = 120\n"
    )
    more = WIDTH + (
        'label = "portal"\nalong_m = 4\n'
        '[[measure]]\nscene = "x.tif"\nquantity = "passage"\nof = "cut"\nheight_m = 5\n'
        '[[sighting]]\nscene = "may"\nlabel = "bulldozer"\nidentity = "probable"\ncentre = [5, 6]\nlength_m = 3\nwidth_m = 7\n'
        'angle_deg = 30\nevidence = ["blade seen"]\n'
    )
    site = read_site(write(tmp_path, scene + more))
    assert site.scenes[0].bands == (("pan", 1),)
    assert (site.scenes[0].platform, site.scenes[0].gsd_m, site.scenes[0].off_nadir) == ("EROS-B", 0.7, 18)
    assert (site.scenes[0].view_azimuth, site.scenes[0].sun_elevation, site.scenes[0].sun_azimuth) == (90, 60, 120)
    assert site.measures == (
        MeasureRule("cut", "may", "width", ((1, 2), (3, 4)), "portal", 4.0),
        MeasureRule("passage-2", "may", "passage", height_m=5, of="cut"),
    )
    seen = SightingRule("A1", "may", "bulldozer", "probable", (5, 6), 7, 3, 30, ("blade seen",))
    assert site.sightings == (seen,)


def test_a_simulated_place_may_tell_its_truth(tmp_path: Path) -> None:
    truth = '[[truth]]\nwhat = "width of the cut"\nvalue = 4.57\nunit = "m"\nresult = "measurement:cut"\n'
    site = read_site(write(tmp_path, SCENE + WIDTH + truth, synthetic=True))
    assert site.truths == (Truth("width of the cut", 4.57, "m", "measurement:cut"),)
    with pytest.raises(SiteFileError, match="only a simulated place has a known truth"):
        read_site(write(tmp_path, SCENE + WIDTH + truth))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (SCENE + SCENE, "two have the id 'may'"),
        (SCENE + WIDTH.replace('"may"', '"mai"'), "no .*scene.* is 'mai'.* did you mean 'may'"),
        (SCENE + WIDTH.replace("[3, 4]", "[3, 4], [5, 6]"), "a width needs 2 points, here are 3"),
        (SCENE + WIDTH.replace('"width"', '"with"'), "quantity"),
        (SCENE + WIDTH + 'of = "x"\n', "a width starts from no other measurement"),
        (SCENE + WIDTH + '[[measure]]\nscene = "may"\nquantity = "passage"\n', "starts from a width or length .*`of` names nothing.* cut"),
        (SCENE + WIDTH.replace("along_m", "along") + "along = 3\n", "unknown key.* did you mean 'along_m'"),
        (SCENE.replace("licence", "license"), "unknown key.* did you mean 'licence'"),
        (SCENE + "off_nadir_deg = 95\n", "off_nadir_deg"),
        (
            SCENE + '[[sighting]]\nscene = "may"\nlabel = "x"\nidentity = "sure"\ncentre = [5, 6]\nlength_m = 3\nwidth_m = 7\nevidence = ["y"]\n',
            "identity",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_mend(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(SiteFileError, match=message):
        read_site(write(tmp_path, more))


def test_a_truth_must_name_something_that_answers_it(tmp_path: Path) -> None:
    truth = '[[truth]]\nwhat = "w"\nvalue = 1\nunit = "m"\nresult = "measurement:cat"\n'
    with pytest.raises(SiteFileError, match=r"nothing is called 'measurement:cat'.* did you mean 'measurement:cut'"):
        read_site(write(tmp_path, SCENE + WIDTH + truth, synthetic=True))
