"""Scenes to looks, duplicates, the grid's CRS and the bands."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from affine import Affine
from pyproj import Transformer

from spadework.errors import NoImageryError
from spadework.grid import shape_of
from spadework.imagery.plan import group_looks, look_id, order_scenes, pick_bands, pick_crs, plan_reading
from spadework.imagery.scenes import PAID
from spadework.records import BANDS, Asset, ImagerySource, MultiPolygon, Period, Scene, Site

NOON = dt.datetime(2020, 5, 12, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
ZONE = "EPSG:32637"
NEXT = "EPSG:32638"


def rectangle(west: float, south: float, east: float, north: float) -> MultiPolygon:
    return ((((west, south), (east, south), (east, north), (west, north), (west, south)),),)


AOI = rectangle(39.0, 36.0, 39.01, 36.01)
LEFT = rectangle(38.0, 35.0, 39.005, 37.0)
RIGHT = rectangle(39.005, 35.0, 40.0, 37.0)
ALL = rectangle(38.0, 35.0, 40.0, 37.0)


def scene(name: str = "a", at: dt.datetime = NOON, **more: Any) -> Scene:  # noqa: ANN401 - fields of a record or of JSON
    crs = more.pop("crs", ZONE)
    names = more.pop("names", BANDS)
    pixel = more.pop("pixel", 10.0)
    place = {"crs": crs, "transform": (pixel, 0.0, 300_000.0, 0.0, -pixel, 4_100_000.0), "shape": (20_000, 50_000)}
    bands = tuple((b, Asset(b, more.get("href", f"https://cdn.example/{name}/{b}.tif"), **place)) for b in names)
    more.pop("href", None)
    told = {"collection": "c", "platform": "s2a", "mask": None, "footprint": ALL, **more}
    return Scene(id=name, datetime=at, bands=bands, crs=crs, **told)


def site(aoi: MultiPolygon = AOI) -> Site:
    return Site("here", aoi, Period(dt.date(2020, 1, 1), dt.date(2020, 6, 1), dt.date(2018, 1, 1)), (ImagerySource(),))


def ids(groups: list[list[Scene]]) -> list[str]:
    return ["".join(s.id for s in group) for group in groups]


# ---------------------------------------------------------------- looks
@pytest.mark.parametrize(
    ("scenes", "looks"),
    [
        pytest.param([scene("a"), scene("b", NOON + 10 * MINUTE)], ["ab"], id="ten minutes are one pass"),
        pytest.param([scene("a"), scene("b", NOON + 10 * MINUTE + dt.timedelta(seconds=1))], ["a", "b"], id="more are two"),
        pytest.param([scene("a"), scene("b", NOON + 6 * MINUTE), scene("c", NOON + 12 * MINUTE)], ["ab", "c"], id="counted from the first"),
        pytest.param([scene("a"), scene("b", platform="s2b")], ["a", "b"], id="two platforms"),
        pytest.param([scene("a"), scene("b", collection="other")], ["ab"], id="one platform in two collections"),
        pytest.param([scene("a", platform="unknown"), scene("b", platform="unknown", collection="d")], ["a", "b"], id="unknown platforms of two collections"),
        pytest.param([scene("a", platform="unknown"), scene("b", platform="unknown")], ["ab"], id="unknown platform of one collection"),
        pytest.param([scene("b", NOON + DAY), scene("a")], ["a", "b"], id="in time order"),
    ],
)  # fmt: skip
def test_scenes_of_one_platform_and_pass_are_one_look(scenes: list[Scene], looks: list[str]) -> None:
    assert ids(group_looks(scenes)) == looks


def test_two_granules_of_one_pass_are_one_look_of_the_plan() -> None:
    plan = plan_reading(
        site(), (scene("a", granule="37A", footprint=LEFT), scene("b", NOON + MINUTE, granule="37B", footprint=RIGHT))
    )
    assert [[s.id for s in look.scenes] for look in plan.looks] == [["a", "b"]]
    assert plan.looks[0].id == "20200512T120000Z-s2a"
    assert not plan.dropped


def test_looks_of_one_second_keep_names_apart() -> None:
    plan = plan_reading(site(), tuple(scene(n, platform="unknown", collection=n) for n in "abc"))
    assert [look.id for look in plan.looks] == [
        "20200512T120000Z-unknown",
        "20200512T120000Z-unknown-2",
        "20200512T120000Z-unknown-3",
    ]
    assert look_id(scene()) == "20200512T120000Z-s2a"


def test_looks_come_in_time_order_also_where_a_duplicate_was_the_earliest() -> None:
    early = scene("old", NOON, granule="37A", baseline="02.00")
    late = scene("new", NOON + 9 * MINUTE, granule="37A", baseline="05.00")
    plan = plan_reading(site(), (early, scene("other", NOON + 5 * MINUTE, platform="s2b"), late))
    assert [look.scenes[0].id for look in plan.looks] == ["other", "new"]


# ---------------------------------------------------------------- duplicates and order
@pytest.mark.parametrize(
    ("scenes", "order"),
    [
        pytest.param([scene("a", baseline="02.14"), scene("b", baseline="05.00")], "ba", id="latest baseline"),
        pytest.param([scene("a", baseline="9.99"), scene("b", baseline="10.00")], "ba", id="as a number"),
        pytest.param([scene("a", crs=NEXT, baseline="05.00"), scene("b", baseline="02.00")], "ab", id="baseline before CRS"),
        pytest.param([scene("a", crs=NEXT), scene("b", footprint=LEFT)], "ba", id="CRS before coverage"),
        pytest.param([scene("a", footprint=LEFT), scene("b")], "ba", id="coverage"),
        pytest.param(
            [scene("a", baseline="beta"), scene("b", baseline="00.01")], "ba", id="a baseline that is no number is the oldest"
        ),
        pytest.param([scene("b"), scene("a")], "ab", id="else by name"),
    ],
)
def test_who_supplies_a_pixel_first(scenes: list[Scene], order: str) -> None:
    for mixed in permutations(scenes):
        kept, gone = order_scenes(list(mixed), ZONE, AOI)
        assert "".join(s.id for s in kept) == order
        assert not gone


def test_an_older_twin_of_a_granule_is_left_out_by_name() -> None:
    old, new, other = (
        scene("old", granule="37A", baseline="02.14"),
        scene("new", granule="37A", baseline="05.00"),
        scene("other", granule="37B", baseline="02.14"),
    )
    kept, gone = order_scenes([old, new, other], ZONE, AOI)
    assert ([s.id for s in kept], [s.id for s in gone]) == (["new", "other"], ["old"])
    plan = plan_reading(site(), (old, new, other))
    assert [(d.thing, "duplicate" in d.reason) for d in plan.dropped] == [("old", True)]


def test_the_two_pieces_of_a_granule_both_stay() -> None:
    first, second = scene("0", granule="37A", footprint=LEFT), scene("1", granule="37A", footprint=RIGHT)
    kept, gone = order_scenes([first, second], ZONE, AOI)
    assert ([s.id for s in kept], gone) == (["0", "1"], [])
    kept, gone = order_scenes([first, second, scene("2", granule="37A", baseline="05.00")], ZONE, AOI)
    assert ([s.id for s in kept], [s.id for s in gone]) == (["2"], ["0", "1"])


# ---------------------------------------------------------------- the grid's CRS
def test_the_crs_that_covers_the_area_in_most_looks_wins() -> None:
    looks = [[scene("a", crs=NEXT), scene("b", crs=ZONE, footprint=LEFT)], [scene("c", crs=NEXT)], [scene("d", crs=ZONE)]]
    assert pick_crs(AOI, looks) == NEXT
    assert pick_crs(AOI, [*looks, [scene("e", crs=ZONE)], [scene("f", crs=ZONE)]]) == ZONE
    assert pick_crs(AOI, [[scene("a", crs=NEXT), scene("b", crs=ZONE)]]) == ZONE  # a tie: the lower name
    halves = [scene("a", crs=NEXT, footprint=LEFT), scene("b", crs=NEXT, footprint=RIGHT), scene("c", crs=ZONE, footprint=LEFT)]
    assert pick_crs(AOI, [halves]) == NEXT  # two halves together cover all of it


def test_scenes_without_a_crs_or_in_degrees_cannot_carry_a_grid() -> None:
    with pytest.raises(NoImageryError, match="none of them has a known CRS"):
        pick_crs(AOI, [[scene("a", crs=None)]])
    plan = plan_reading(site(), (scene("a"), scene("b", NOON + DAY, crs="EPSG:4326", pixel=1e-4)))
    assert [s.id for s in plan.scenes] == ["a"]
    assert [(d.thing, d.reason) for d in plan.dropped] == [("b", "its CRS EPSG:4326 is not in metres; warp it to UTM first")]


def test_the_grid_has_the_finest_pixel_of_that_crs() -> None:
    plan = plan_reading(
        site(), (scene("a", pixel=30.0), scene("b", NOON + DAY, pixel=10.0), scene("c", NOON + DAY * 2, crs=NEXT, pixel=5.0))
    )
    assert str(plan.grid.crs) == ZONE
    assert plan.grid.transform.a == 10.0
    west, south, east, north = shape_of(AOI).bounds
    x, y = Transformer.from_crs("EPSG:4326", ZONE, always_xy=True).transform(
        [west, east, east, west], [south, south, north, north]
    )
    box = plan.grid.boundingbox
    assert box.left <= min(x) + 1 < box.left + 11
    assert box.top >= max(y) - 1 > box.top - 11
    assert plan.grid.transform * (0, 0) == (Affine(*scene().bands[0][1].transform or ()) * (round((box.left - 300_000) / 10), round((4_100_000 - box.top) / 10)))  # fmt: skip


# ---------------------------------------------------------------- bands
@pytest.mark.parametrize(
    ("scenes", "bands"),
    [
        pytest.param([scene("a")], BANDS, id="all six"),
        pytest.param([scene("a", names=("nir", "red"))], ("red", "nir"), id="in cube order"),
        pytest.param([scene("a"), scene("b", names=("red", "nir"), collection="d")], ("red", "nir"), id="what every collection offers"),
        pytest.param([scene("a"), scene("b"), scene("c", names=("red",))], BANDS, id="one poor Scene does not take a band away"),
        pytest.param([scene("a"), scene("c", names=("red",))], BANDS, id="half is enough"),
        pytest.param([scene("a"), scene("b", names=("red",)), scene("c", names=("red",))], ("red",), id="less is not"),
        pytest.param([scene("a"), scene("b", names=()), scene("c", names=()), scene("d", names=())], BANDS, id="mask-only Scenes have no vote"),
    ],
)  # fmt: skip
def test_bands_vote(scenes: list[Scene], bands: tuple[str, ...]) -> None:
    assert pick_bands(tuple(scenes)) == bands


def test_no_common_band_names_what_each_collection_offers() -> None:
    with pytest.raises(NoImageryError, match=r"c: blue; d: nir.*assets = \{"):
        pick_bands((scene("a", names=("blue",)), scene("b", names=("nir",), collection="d")))
    with pytest.raises(NoImageryError, match="no bands at all"):
        pick_bands((scene("a", names=()),))


def test_a_scene_that_lacks_a_voted_band_is_dropped_by_name_and_a_mask_only_one_stays() -> None:
    scenes = (
        scene("a"),
        scene("b", NOON + DAY),
        scene("c", NOON + 2 * DAY, names=("red", "nir")),
        scene("d", NOON + 3 * DAY, names=()),
    )
    plan = plan_reading(site(), scenes)
    assert [s.id for s in plan.scenes] == ["a", "b", "d"]
    assert [(d.thing, d.reason) for d in plan.dropped] == [("c", "has no blue, green, swir16, swir22 band")]


# ---------------------------------------------------------------- cost and privacy
def test_the_plan_counts_bytes_and_names_hosts_and_bills() -> None:
    plan = plan_reading(
        site(), (scene("a"), scene("b", NOON + DAY, notes=(PAID,)), scene("c", NOON + 2 * DAY, href="/data/x.tif"))
    )
    rows, cols = plan.grid.shape
    assert plan.bytes == 3 * 6 * 2 * (rows + 24) * (cols + 24)
    assert plan.paid == ("b",)
    hosts = dict(plan.hosts)
    assert hosts["this machine"] == "nothing"
    assert "12 image files" in hosts["cdn.example"]
    assert "area" in hosts["cdn.example"]
