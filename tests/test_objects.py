"""Objects in one image: oriented boxes, seams, the ceiling, evidence, and the finder that needs no model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_models import BOXES, card, detector

from spadework.cube import Image
from spadework.errors import UserError
from spadework.grid import reproject
from spadework.intake.models import load_model
from spadework.objects import (
    Detector,
    FindSettings,
    Found,
    TileOf,
    candidate_finder,
    detector_of,
    find,
    find_in,
    plan_search,
    statement,
    tile_size,
    tiles_of,
)
from spadework.objects.boxes import corners, one_each, overlaps
from spadework.objects.candidates import CandidateSettings, candidates, sunward, without_own_shadows
from spadework.objects.evidence import SHADOW_FITS, SIZE_FITS, shadow_contrast, sun_in_image
from spadework.records import ANALYST, CEILINGS, HEAVY, IDENTITIES, VEHICLE_SIZE, CeilingError, Sighting, VhrScene
from spadework.simulate.yard import MACHINES, Yard, make_yard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

UTM = "EPSG:32637"
NAMES = ((VEHICLE_SIZE,), (HEAVY, VEHICLE_SIZE), ("car", VEHICLE_SIZE), ("excavator", HEAVY, VEHICLE_SIZE), ("building",))
sizes = st.floats(0.5, 30)
boxes_of_any_kind = st.tuples(st.floats(-40, 40), st.floats(-40, 40), sizes, sizes, st.floats(-360, 360))


def scene(gsd: float | tuple[float, float] | None = 0.5, **known: Any) -> VhrScene:  # noqa: ANN401 - fields of a VhrScene
    pair = (gsd, gsd) if isinstance(gsd, float) else gsd
    return VhrScene("a", gsd_m=pair, **{"crs": UTM} | known)


def image(values: NDArray[Any], known: VhrScene, step: float = 0.5) -> Image:
    values = np.asarray(values, dtype=np.float32)
    values = values[None] if values.ndim == 2 else values
    bands = ("pan",) if len(values) == 1 else tuple(f"band{n}" for n in range(1, len(values) + 1))
    transform = (step, 0.0, 500_000.0, 0.0, -step, 3_800_000.0)
    return Image(values, np.ones(values.shape[1:], dtype=np.bool_), bands, transform, known)


def saying(*found: Found, gsd_m: tuple[float, float] = (0.01, 100.0), tile_px: int = 4096) -> Detector:
    return Detector("fake 1 (MIT)", lambda _: found, gsd_m, tile_px)


def bright_pixels(tile: Image) -> list[Found]:
    """A box of 12 x 6 pixels on each bright pixel."""
    rows, cols = np.nonzero(tile.values[0] > 0.5)
    return [
        Found((c + 0.5, r + 0.5), 12, 6, 30.0, 0.9, VEHICLE_SIZE) for r, c in zip(rows.tolist(), cols.tolist(), strict=True)
    ]


# ---------------------------------------------------------------- boxes
def test_the_corners_of_a_box_lie_where_a_reader_puts_them() -> None:
    lying, standing = corners(np.array([(10, 20, 4, 2, 0), (10, 20, 4, 2, 90)]))
    assert sorted(map(tuple, lying.round(9).tolist())) == [(8, 19), (8, 21), (12, 19), (12, 21)]
    assert sorted(map(tuple, standing.round(9).tolist())) == [(9, 18), (9, 22), (11, 18), (11, 22)]


def test_an_angle_runs_from_east_to_south_on_the_screen() -> None:
    (box,) = corners(np.array([(0, 0, 10, 0.001, 45)]))
    assert box[1] == pytest.approx((5 / math.sqrt(2), 5 / math.sqrt(2)), abs=1e-3)


def test_half_covered_boxes_share_a_third_of_their_union() -> None:
    pairs, iou, iom = overlaps(np.array([(0, 0, 4, 2, 0), (2, 0, 4, 2, 0), (50, 0, 4, 2, 0)]))
    assert pairs.tolist() == [[0, 1]]
    assert iou[0] == pytest.approx(1 / 3)
    assert iom[0] == pytest.approx(1 / 2)


@settings(deadline=None)
@given(boxes_of_any_kind, boxes_of_any_kind)
def test_overlap_is_shapelys_symmetric_and_a_share(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    pairs, iou, iom = overlaps(np.array([one, other]))
    _, back, _ = overlaps(np.array([other, one]))
    a, b = (
        shapely.affinity.rotate(shapely.box(x - u / 2, y - v / 2, x + u / 2, y + v / 2), t) for x, y, u, v, t in (one, other)
    )
    expected = a.intersection(b).area / a.union(b).area
    assert (iou[0] if len(pairs) else 0.0) == pytest.approx(expected, abs=1e-6)
    assert (back[0] if len(back) else 0.0) == pytest.approx(iou[0] if len(iou) else 0.0, abs=1e-9)
    assert all(0 <= share <= inside <= 1 for share, inside in zip(iou, iom, strict=True))


@settings(deadline=None)
@example((1.5, 0.0, 0.5, 0.5, -227.6256093342886))
@given(boxes_of_any_kind)
def test_a_box_covers_itself_also_when_it_is_turned_round(box: tuple[float, ...]) -> None:
    x, y, u, v, t = box
    _, iou, _ = overlaps(np.array([box, (x, y, u, v, t + 180), (x, y, v, u, t + 90)]))
    assert iou == pytest.approx([1, 1, 1], abs=1e-6)


def test_boxes_without_area_overlap_nothing() -> None:
    _, iou, iom = overlaps(np.array([(0, 0, 0, 0, 0), (0, 0, 4, 2, 0)], dtype=float))
    assert (iou == 0).all()
    assert (iom == 0).all()


def test_the_best_box_on_an_object_stays_and_other_labels_are_left_alone() -> None:
    boxes = np.array([(0, 0, 8, 3, 0), (1, 0, 8, 3, 0), (1, 0, 8, 3, 0), (40, 0, 8, 3, 0)], dtype=float)
    stay = one_each(boxes, np.array([0.5, 0.9, 0.8, 0.1]), ["car", "car", "truck", "car"], 0.3, 0.6)
    assert stay.tolist() == [1, 2, 3]


def test_half_an_object_goes_where_the_whole_one_is() -> None:
    boxes = np.array([(0, 0, 8, 3, 0), (-3, 0, 2, 3, 0)], dtype=float)
    assert one_each(boxes, np.array([0.9, 0.5]), ["car", "car"], 0.3, 0.6).tolist() == [0]


@settings(deadline=None)
@given(st.lists(boxes_of_any_kind, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_what_stays_does_not_hang_on_the_order_of_boxes(given_boxes: list[tuple[float, ...]], random: Any) -> None:  # noqa: ANN401 - hypothesis' Random
    boxes = np.array(given_boxes)
    scores = np.linspace(0.1, 0.9, len(boxes))
    order = random.sample(range(len(boxes)), len(boxes))
    once = one_each(boxes, scores, ["x"] * len(boxes), 0.3, 0.6)
    again = one_each(boxes[order], scores[order], ["x"] * len(boxes), 0.3, 0.6)
    assert once.tolist() == [order[at] for at in again.tolist()]
    _, iou, iom = overlaps(boxes[once])
    assert (iou <= 0.3).all()
    assert (iom <= 0.6).all()


@pytest.mark.parametrize(
    ("sides", "angle", "expected"),
    [
        ((4, 2), 30, 30),
        ((2, 4), 30, 120),
        ((4, 2), -10, 170),
        ((4, 2), 370, 10),
        ((2, 4), 90, 0),
        ((4, 2), 180, 0),
        ((4, 2), -1e-16, 0),
    ],
)
def test_any_two_sides_make_a_long_side_and_its_angle(sides: tuple[float, float], angle: float, expected: float) -> None:
    found = Found.of_sides((0, 0), sides, angle, 0.5, ("car", VEHICLE_SIZE))
    assert (found.length_px, found.width_px) == (4, 2)
    assert found.angle_deg == pytest.approx(expected)
    assert 0 <= found.angle_deg < 180


# ---------------------------------------------------------------- the ceiling
@settings(deadline=None)
@given(
    gsd=st.floats(0.01, 40) | st.sampled_from([0.35, 0.8, 1.5, 3.0]),
    names=st.sampled_from(NAMES),
    score=st.floats(-1, 2),
    most=st.sampled_from(("possible", "probable")),
    shadow=st.booleans(),
)
def test_no_search_says_more_than_the_pixels_carry(
    gsd: float,
    names: tuple[str, ...],
    score: float,
    most: Any,  # noqa: ANN401 - a literal
    shadow: bool,
) -> None:
    found = Found((4, 4), 6 / gsd, 2.5 / gsd, 10, score, names[0], names[1:], (SHADOW_FITS,) if shadow else ())
    seen = find(image(np.ones((8, 8)), scene(gsd)), replace(saying(found), most=most))
    for one in seen:
        row = next(row for row in CEILINGS if gsd < row.below_m or gsd == row.below_m == 3.0)
        assert one.label in names
        assert row.label is None or names.index(one.label) >= (names.index(row.label) if row.label in names else 0)
        assert IDENTITIES.index(one.identity) <= min(IDENTITIES.index(row.identity), IDENTITIES.index(most))
        assert one.identity != "confirmed"
        assert 0 <= one.score <= 1
    if gsd > 3:
        assert seen == ()


@settings(deadline=None)
@given(
    gsd=st.floats(3, 1000, exclude_min=True),
    label=st.sampled_from([VEHICLE_SIZE, HEAVY, "excavator"]),
    identity=st.sampled_from(IDENTITIES),
)
def test_a_machine_over_three_metres_cannot_be_made(gsd: float, label: str, identity: Any) -> None:  # noqa: ANN401 - a literal
    with pytest.raises(CeilingError):
        Sighting("s", "a", label, identity, (0, 0), 6, 2.5, 0, gsd, 0.9, "by hand")


@pytest.mark.parametrize(
    ("gsd", "names", "label"),
    [
        (0.3, ("excavator", HEAVY, VEHICLE_SIZE), "excavator"),
        (0.79, ("excavator", HEAVY, VEHICLE_SIZE), "excavator"),
        (0.8, ("excavator", HEAVY, VEHICLE_SIZE), HEAVY),
        (1.5, ("excavator", HEAVY, VEHICLE_SIZE), VEHICLE_SIZE),
        (1.0, ("car", VEHICLE_SIZE), VEHICLE_SIZE),
        (3.0, ("car", VEHICLE_SIZE), VEHICLE_SIZE),
        (0.5, ("building",), "building"),
        (1.0, ("building",), None),
    ],
)
def test_a_name_is_lowered_to_the_ceiling_and_never_raised(gsd: float, names: tuple[str, ...], label: str | None) -> None:
    found = Found((4, 4), 6, 2.5, 10, 0.9, names[0], names[1:])
    assert [one.label for one in find(image(np.ones((8, 8)), scene(gsd)), saying(found))] == ([label] if label else [])


def test_a_class_seen_in_pixels_averaged_down_gets_the_ceiling_of_those() -> None:
    found = Found((2, 2), 6, 2.5, 10, 0.9, "excavator", (HEAVY, VEHICLE_SIZE))
    known = scene(0.5)
    (seen,) = find(image(np.ones((8, 8)), known), saying(found, gsd_m=(1.0, 2.0)))
    assert (seen.label, seen.gsd_m, seen.length_m) == (HEAVY, 0.5, 6.0)


def test_ten_metre_pixels_are_not_observable_and_the_needed_ones_are_named() -> None:
    said = plan_search(scene(10.0), candidate_finder()).statement
    assert said.startswith("NOT OBSERVABLE: no machine can be claimed at 10 m a pixel")
    assert "needs 3 m or finer" in said
    assert "under 1.5 m" in said
    assert "under 0.8 m" in said
    assert find(image(np.ones((8, 8)), scene(10.0)), candidate_finder()) == ()


@pytest.mark.parametrize("gsd", [0.3, 0.5, 1.0, 2.0, 3.0])
def test_no_statement_says_that_a_machine_works(gsd: float) -> None:
    assert statement(gsd).endswith("a still never shows whether it works")
    assert "operating" not in statement(gsd)


def test_an_image_without_a_ground_sample_distance_is_asked_for_it() -> None:
    with pytest.raises(UserError, match=r"a: its ground sample distance is unknown. give it with --gsd"):
        find(image(np.ones((8, 8)), scene(None)), candidate_finder())


def test_an_image_too_coarse_for_a_detector_is_refused_and_a_finer_one_averaged() -> None:
    with pytest.raises(UserError, match=r"1 m a pixel is coarser than fake 1 \(MIT\) takes \(0.3 to 0.5 m\)"):
        find(image(np.ones((8, 8)), scene(1.0)), saying(gsd_m=(0.3, 0.5)))
    plan = plan_search(scene(0.15), saying(gsd_m=(0.3, 0.5)))
    assert plan.working_m == 0.3
    assert plan.notes[1] == "averaged from 0.15 to 0.3 m a pixel, the finest that fake 1 (MIT) takes"


# ---------------------------------------------------------------- identity and evidence
def black_strip(sun: float, dark_side: str) -> Image:
    """Ground of 100 +- 2, a bright box of 12 x 5 pixels on its middle, a dark strip to its east or west."""
    values = 100 + 2 * np.random.default_rng(0).standard_normal((60, 60)).astype(np.float32)
    values[24:36, 28:33] = 160
    values[24:36, slice(33, 37) if dark_side == "east" else slice(24, 28)] = 30
    return image(values, scene(0.5, sun_azimuth=sun, sun_elevation=45.0))


ON_IT = Found((30.5, 30), 12, 5, 90, 0.9, "excavator", (HEAVY, VEHICLE_SIZE))


@pytest.mark.parametrize(
    ("sun", "dark_side", "identity"), [(270.0, "east", "probable"), (90.0, "east", "possible"), (90.0, "west", "probable")]
)
def test_probable_takes_a_shadow_away_from_the_sun(sun: float, dark_side: str, identity: str) -> None:
    (seen,) = find(black_strip(sun, dark_side), saying(ON_IT))
    assert seen.identity == identity
    assert SIZE_FITS in seen.evidence
    assert (SHADOW_FITS in seen.evidence) == (identity == "probable")


@pytest.mark.parametrize(
    "found",
    [replace(ON_IT, score=0.59), replace(ON_IT, length_px=40), replace(ON_IT, width_px=2)],
    ids=["an unsure detector", "too long", "too narrow"],
)
def test_probable_takes_a_sure_detector_and_the_size_of_a_vehicle(found: Found) -> None:
    (seen,) = find(black_strip(270.0, "east"), saying(found))
    assert seen.identity == "possible"


def test_without_the_sun_or_north_no_shadow_is_told() -> None:
    lit = black_strip(270.0, "east")
    for known in (replace(lit.scene, sun_azimuth=None), replace(lit.scene, crs=None)):
        (seen,) = find(replace(lit, scene=known), saying(ON_IT))
        assert SHADOW_FITS not in seen.evidence
        assert seen.identity == "possible"


@pytest.mark.parametrize(
    ("transform", "azimuth", "expected"),
    [
        ((0.5, 0.0, 0.0, 0.0, -0.5, 0.0), 90.0, (1, 0)),
        ((0.5, 0.0, 0.0, 0.0, -0.5, 0.0), 180.0, (0, 1)),
        ((0.5, 0.0, 0.0, 0.0, -0.5, 0.0), 135.0, (0.5**0.5, 0.5**0.5)),
        ((0.0, 0.5, 0.0, 0.5, 0.0, 0.0), 90.0, (0, 1)),
    ],
)
def test_the_sun_stands_in_the_image_where_the_map_puts_it(
    transform: tuple[float, float, float, float, float, float], azimuth: float, expected: tuple[float, float]
) -> None:
    lit = replace(image(np.ones((4, 4)), scene(0.5, sun_azimuth=azimuth)), transform=transform)
    assert sun_in_image(lit) == pytest.approx(expected, abs=1e-9)


def test_in_degrees_the_sun_stands_as_on_the_ground() -> None:
    """At 60 degrees north a degree of longitude is half as long: north-east on the ground is 1 degree of latitude to 2 of longitude."""
    lit = image(np.ones((2, 2)), scene(0.5, sun_azimuth=45.0, crs="EPSG:4326"))
    lit = replace(lit, transform=(2e-6, 0.0, 40.0, 0.0, -1e-6, 60.0))
    assert sun_in_image(lit) == pytest.approx((0.5**0.5, -(0.5**0.5)), abs=1e-4)


def test_the_strips_beside_a_box_are_told_apart_in_units_of_the_ground() -> None:
    lit = black_strip(270.0, "east")
    boxes = np.array([(30.5, 30, 12, 5, 90)], dtype=float)
    (told,) = shadow_contrast(lit.values[0], boxes, (-1.0, 0.0), (0.5, 3.0))
    (back,) = shadow_contrast(lit.values[0], boxes, (1.0, 0.0), (0.5, 3.0))
    assert 15 < told < 60  # 70 over a spread of about 2
    assert back == pytest.approx(-told, rel=1e-6)


# ---------------------------------------------------------------- tiles and places
@pytest.mark.parametrize("where", [(40, 40), (88, 100), (96, 96), (104, 97), (0, 0), (199, 199)])
def test_an_object_on_a_seam_is_one_sighting_at_its_place(where: tuple[int, int]) -> None:
    values = np.zeros((200, 200))
    values[where] = 1
    small = Detector("bright 1 (MIT)", bright_pixels, (0.1, 2.0), tile_px=96)
    (seen,) = find(image(values, scene(0.5)), small, FindSettings(overlap_m=10))
    assert seen.centre == pytest.approx((500_000 + 0.5 * (where[1] + 0.5), 3_800_000 - 0.5 * (where[0] + 0.5)))
    assert (seen.length_m, seen.width_m, seen.angle_deg, seen.id) == (6, 3, 30, "a-1")


def test_many_objects_are_the_same_in_any_tiling() -> None:
    values = np.zeros((300, 260))
    rng = np.random.default_rng(4)
    for row, col in rng.permutation(np.stack(np.meshgrid(np.arange(10, 300, 22), np.arange(10, 260, 22)), -1).reshape(-1, 2))[
        :60
    ]:
        values[row, col] = 1

    def centres(tile_px: int) -> set[tuple[float, float]]:
        seen = find(image(values, scene(0.5)), Detector("b", bright_pixels, (0.1, 2), tile_px), FindSettings(overlap_m=12))
        return {(round(one.centre[0], 6), round(one.centre[1], 6)) for one in seen}

    assert len(centres(1000)) == 60
    assert centres(1000) == centres(64) == centres(97)


def test_an_image_can_be_searched_from_tiles_that_are_read_one_by_one() -> None:
    values = np.zeros((200, 200))
    values[96, 97] = values[20, 30] = 1
    whole, small = image(values, scene(0.5)), Detector("b", bright_pixels, (0.1, 2), 96)
    size, overlap = tile_size(whole.scene, small, FindSettings())
    assert (size, overlap) == (96, 48)
    parts = (TileOf(part.image, part.core) for part in tiles_of(whole, small, FindSettings()))
    assert find_in(parts, small, FindSettings()) == find(whole, small)
    assert find_in((), small, FindSettings()) == ()


def test_pixels_that_are_not_square_are_made_so_and_lengths_stay_true() -> None:
    values = np.zeros((100, 200))
    values[40, 61] = 1
    wide = replace(image(values, scene((0.25, 0.5))), transform=(0.25, 0.0, 500_000.0, 0.0, -0.5, 3_800_000.0))

    def brightest(tile: Image) -> list[Found]:
        assert tile.valid.shape == (100, 100)
        assert tile.scene.gsd_m == (0.5, 0.5)
        row, col = np.unravel_index(np.argmax(tile.values[0]), tile.valid.shape)
        return [Found((col + 0.5, row + 0.5), 12, 6, 0, 0.9, VEHICLE_SIZE)]

    (seen,) = find(wide, Detector("b", brightest, (0.1, 2.0), 512))
    assert seen.centre == pytest.approx((500_000 + 0.5 * 30.5, 3_800_000 - 0.5 * 40.5))
    assert (seen.length_m, seen.gsd_m) == (6, 0.5)


def test_nothing_is_found_where_there_is_no_data() -> None:
    empty = image(np.ones((60, 60)), scene(0.5))
    empty.valid[:, 30:] = False
    found = Found((45, 30), 12, 6, 0, 0.9, VEHICLE_SIZE)
    assert find(empty, saying(found)) == ()
    assert len(find(empty, saying(replace(found, centre=(15, 30))))) == 1
    empty.valid[:] = False
    assert find(empty, candidate_finder()) == ()


def test_the_outline_lies_around_the_centre_on_the_earth() -> None:
    (seen,) = find(image(np.ones((60, 60)), scene(0.5)), saying(ON_IT))
    (ring,) = seen.geometry[0]
    back = reproject(shapely.Polygon(ring), "EPSG:4326", UTM)
    assert shapely.area(back) == pytest.approx(6 * 2.5, rel=1e-3)
    assert shapely.get_coordinates(shapely.centroid(back))[0] == pytest.approx(seen.centre, abs=0.01)
    assert np.ptp(shapely.get_coordinates(back)[:, 1]) == pytest.approx(6, abs=0.05)  # stands north to south
    (bare,) = find(image(np.ones((60, 60)), scene(0.5, crs=None)), saying(ON_IT))
    assert bare.geometry == ()


def test_a_model_from_outside_becomes_a_detector(tmp_path: Path) -> None:
    ours = detector_of(load_model(card(tmp_path, detector())))
    (seen,) = find(image(np.ones((32, 32)), scene(0.5)), ours)
    cx, cy, width, height, angle, score, _ = BOXES[0]
    assert seen.centre == pytest.approx((500_000 + 0.5 * cx, 3_800_000 - 0.5 * cy))
    assert (seen.length_m, seen.width_m) == pytest.approx((0.5 * width, 0.5 * height))
    assert seen.angle_deg == pytest.approx(math.degrees(angle), abs=1e-4)
    assert (seen.label, seen.detector) == ("excavator", "plant 1.0 (Apache-2.0)")
    assert seen.score == pytest.approx(score)
    (coarse,) = find(image(np.ones((64, 64)), scene(0.5)), replace(ours, gsd_m=(1.0, 1.2)))
    assert coarse.label == HEAVY


# ---------------------------------------------------------------- candidates
def lot(contrast: float, sides: tuple[int, int], angle: float = 0.0, noise: float = 2.0) -> NDArray[np.float32]:
    """Noisy ground of 200 with one rectangle on its middle."""
    cols, rows = np.meshgrid(np.arange(160) - 79.5, np.arange(160) - 79.5)
    turn = np.radians(angle)
    along, across = cols * np.cos(turn) + rows * np.sin(turn), rows * np.cos(turn) - cols * np.sin(turn)
    on = (np.abs(along) < sides[0] / 2) & (np.abs(across) < sides[1] / 2)
    ground = 200 + noise * np.random.default_rng(3).standard_normal((160, 160))
    return np.asarray(ground + contrast * on, dtype=np.float32)


@pytest.mark.parametrize("angle", [0.0, 22.5, 35.0, 90.0, 135.0])
@pytest.mark.parametrize("contrast", [40.0, -40.0])
def test_a_vehicle_size_patch_is_found_with_its_direction(angle: float, contrast: float) -> None:
    (seen,) = find(image(lot(contrast, (12, 5), angle), scene(0.5)), candidate_finder())
    assert seen.centre == pytest.approx((500_040, 3_799_960), abs=0.6)
    assert abs((seen.angle_deg - angle + 90) % 180 - 90) <= 13  # boxes are laid every 22.5 degrees
    assert (seen.label, seen.identity) == (VEHICLE_SIZE, "possible")
    assert 4 < seen.length_m < 9


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("plain ground", lot(0, (12, 5))),
        ("a road", lot(60, (400, 14), 20)),
        ("a slope", lot(0, (12, 5)) + np.linspace(0, 400, 160)[:, None]),
        ("an edge", np.where(np.arange(160)[None, :] < 80, lot(0, (1, 1)), lot(60, (400, 400)))),
    ],
)
def test_what_is_no_vehicle_size_patch_is_left_alone(name: str, values: NDArray[np.float32]) -> None:
    assert find(image(values, scene(0.5)), candidate_finder()) == (), name


def test_the_sides_of_a_roof_are_no_objects_though_a_corner_may_be() -> None:
    corners_of_roof = corners(np.array([(80, 80, 60, 50, 10)], dtype=float))[0]
    for one in find(image(lot(60, (60, 50), 10), scene(0.5)), candidate_finder()):
        at = ((one.centre[0] - 500_000) / 0.5, (3_800_000 - one.centre[1]) / 0.5)
        assert min(math.dist(at, corner) for corner in corners_of_roof) < 10


@pytest.mark.parametrize("depth", [lambda v: v / 4, lambda v: v * 8 + 1000, lambda v: v * 200])
def test_raw_numbers_of_any_depth_give_the_same_boxes(depth: Callable[[Any], Any]) -> None:
    values = lot(30, (12, 5), 40)
    once, again = (find(image(v, scene(0.5)), candidate_finder()) for v in (values, depth(values)))
    assert [one.centre for one in once] == [one.centre for one in again]
    assert [one.score for one in once] == pytest.approx([one.score for one in again], rel=1e-3)


def test_a_multispectral_image_is_searched_as_one_plane() -> None:
    bands = np.stack([lot(30, (12, 5)), 10 * lot(30, (12, 5))])
    (seen,) = find(image(bands, scene(0.5)), candidate_finder())
    assert seen.centre == pytest.approx((500_040, 3_799_960), abs=0.6)


def test_the_border_of_the_data_is_no_object() -> None:
    bordered = image(lot(0, (12, 5)), scene(0.5))
    bordered.valid[70:82, 60:90] = False
    bordered.values[:, ~bordered.valid] = 0
    assert find(bordered, candidate_finder()) == ()


def test_a_shadow_beyond_a_bright_box_is_its_own_and_no_second_object() -> None:
    boxes = np.array([(50, 50, 10, 5, 0), (50, 57, 10, 4, 0), (90, 50, 10, 4, 0)], dtype=float)
    strengths = np.array([8.0, -12.0, -9.0])
    kept, with_shadow = without_own_shadows(boxes, strengths, (0.0, -1.0), 12)
    assert kept.tolist() == [boxes[0].tolist(), boxes[2].tolist()]
    assert with_shadow.tolist() == [12, -9]
    kept, _ = without_own_shadows(boxes, strengths, (0.0, 1.0), 12)  # the sun on the other side: two things
    assert len(kept) == 3


def test_a_dark_box_moves_towards_the_sun_by_half_a_shadow_at_most_to_its_edge() -> None:
    boxes = np.array([(50, 50, 10, 4, 0), (50, 50, 10, 4, 90), (50, 50, 10, 4, 0)], dtype=float)
    strengths = np.array([-8.0, -8.0, 8.0])
    moved = sunward(boxes, strengths, (0.0, -1.0), run=6)
    assert moved[:, :2].tolist() == [[50, 48], [50, 47], [50, 50]]


def test_candidates_of_one_tile_do_not_lie_on_each_other() -> None:
    yard, _ = make_yard(Yard(side_m=80, machines=4), 7)
    boxes = np.array(
        [(*one.centre, one.length_px, one.width_px, one.angle_deg) for one in candidates(yard, CandidateSettings(least=3))]
    )
    assert len(boxes) > 3
    assert np.isfinite(boxes).all()


def test_machines_of_a_yard_are_found() -> None:
    """A guard, not a measurement: benchmarks/vhr/find.py measures."""
    yard, stands = make_yard(Yard(side_m=120, machines=6, shrubs_per_ha=0, stones_per_ha=20, walls=1, huts=0), 12)
    seen = find(yard, candidate_finder())
    machines = [one for one in stands if one.kind in MACHINES]
    near = [any(math.dist(one.centre, machine.centre) < 5 for one in seen) for machine in machines]
    assert sum(near) >= 5
    assert len(seen) <= 12
    assert {one.label for one in seen} == {VEHICLE_SIZE}
    assert {one.identity for one in seen} == {"possible"}


# ---------------------------------------------------------------- yards
def test_a_yard_is_the_same_again_and_its_machines_stand_apart() -> None:
    yard = Yard(side_m=100, machines=5)
    one, stands = make_yard(yard, 3)
    again, _ = make_yard(yard, 3)
    np.testing.assert_array_equal(one.values, again.values)
    machines = [thing for thing in stands if thing.kind in MACHINES]
    assert len(machines) == 5
    assert min(math.dist(a.centre, b.centre) for a in machines for b in machines if a is not b) > 12
    assert sorted(machine.contrast for machine in machines) == [-0.4, -0.4, 0.4, 0.4, 0.4]


def test_a_machine_in_a_yard_is_as_bright_as_it_is_said_to_be() -> None:
    """A truck of contrast .4 with nothing else about, high sun: its bed has (1 + .4)(1 - .1 x .4) = 1.344 times the ground's numbers."""
    bare = Yard(side_m=60, machines=1, contrast=0.4, texture=0.0, stones_per_ha=0, shrubs_per_ha=0, walls=0, tracks=0, beds=0, huts=0,
                gsd_m=0.5, sun_elevation=89.0, snr=1e6)  # fmt: skip
    seed = next(n for n in range(50) if make_yard(replace(bare, gsd_m=2.0), n)[1][0].kind == "truck")
    taken, (truck,) = make_yard(bare, seed)
    values = taken.values[0]
    assert values.max() / np.median(values) == pytest.approx(1.4 * (1 + 0.2 * 0.4), rel=0.03)  # the cab
    a, _, c, _, e, f = taken.transform
    col, row = (truck.centre[0] - c) / a, (truck.centre[1] - f) / e
    rows, cols = np.nonzero(values > 1.15 * np.median(values))
    assert (cols.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((col, row), abs=0.6)
    assert len(rows) * 0.25 == pytest.approx(6.0 * 2.5 + 2.1 * 2.5, rel=0.2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "excavator operating"}, "a still never shows"),
        ({"label": "active bulldozer"}, "a still never shows"),
        ({"identity": "confirmed"}, "only a person can"),
        ({"length_m": 0.0}, "is none"),
        ({"score": float("nan")}, "is none"),
    ],
)
def test_no_sighting_can_be_made_that_a_still_or_a_program_cannot_know(changes: dict[str, Any], message: str) -> None:
    fine = Sighting("S", "scene", "excavator", "probable", (0, 0), 8, 3, 0, 0.3, 0.9, "a detector")
    with pytest.raises(CeilingError, match=message):
        replace(fine, **changes)
    assert replace(fine, identity="confirmed", detector=ANALYST).identity == "confirmed"
