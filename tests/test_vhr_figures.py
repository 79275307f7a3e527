"""The pictures of very-high-resolution Scenes: where things lie on them, what is lettered, and what never is."""

from __future__ import annotations

import dataclasses
import io
import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from findings import SCENES, image_of, measurement_of, probability_of, sighting_of, vhr_at, vhr_findings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from spadework.publish import comparison, draw, measurement, overview, view
from spadework.publish.comparison import comparison_figure, draw_comparison
from spadework.publish.measurement import measurement_figure
from spadework.publish.vhr import vhr_figures
from spadework.records import Alignment, Figure, Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIR = (SCENES[0].id, SCENES[1].id)
IMAGES = {scene.id: image_of(n) for n, scene in enumerate(SCENES)}


@pytest.fixture(scope="module")
def told() -> Findings:
    return vhr_findings()


@pytest.fixture(scope="module")
def drawn(told: Findings) -> tuple[Figure, ...]:
    return vhr_figures(told, IMAGES, {PAIR: probability_of()})


@pytest.fixture
def lettered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is lettered on pictures from here on."""
    seen: list[str] = []
    real = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, *args: object, **how: object) -> None:
        seen.append(text)
        real(self, xy, text, *args, **how)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return seen


def rgb(data: bytes) -> NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.int16)


def like(pixels: NDArray[np.int16], colour: str, tolerance: int = 14) -> NDArray[np.bool_]:
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return np.asarray((abs(pixels - wanted) <= tolerance).all(axis=-1))


# ---------------------------------------------------------------- what is lettered
def test_every_picture_tells_day_sensor_pixel_place_credit_and_licence_and_nothing_that_leads_further(
    told: Findings, lettered: list[str]
) -> None:
    made = vhr_figures(told, IMAGES, {PAIR: probability_of()})
    text = "\n".join(lettered)
    for words in (
        "2020-05-12",
        "Examplesat-2",
        "pixel 0.5 m",
        "(rounded to 5 km or coarser)",
        "Example Imaging 2020",
        "CC-BY-4.0",
    ):
        assert text.count(words) >= len(made) - 1, words
    for secret in ("08:21", "37SFA", "EX2", "201", "12.2", "3814", "680", SCENES[0].sha256 or ""):
        assert secret not in text, secret
    assert max(len(m[1]) for m in re.finditer(r"\d\.(\d+)° [NSEW]", text)) <= 2


def test_names_and_words_of_figures_hold_no_id_and_no_count_of_what_stood_there(drawn: tuple[Figure, ...]) -> None:
    assert [figure.name.removeprefix("figures/") for figure in drawn] == [
        "pair-1.png", "scene-1.png", "scene-2.png", "scene-2-sightings.png", "measurement-1.png", "measurement-2.png", "measurement-4.png",
    ]  # fmt: skip
    for figure in drawn:
        assert set(figure.scenes) <= {scene.id for scene in SCENES}
        assert figure.scenes
        told = figure.name + figure.caption + figure.alt
        assert "EX2" not in told
        assert not re.search(r"\b(?:one|two|2) (?:possible|probable|excavator|sighting)", told)


def test_the_same_findings_give_the_same_bytes(told: Findings, drawn: tuple[Figure, ...]) -> None:
    assert vhr_figures(told, IMAGES, {PAIR: probability_of()}) == drawn


def test_a_pair_carries_alignment_confidence_and_limits_on_the_picture(told: Findings, lettered: list[str]) -> None:
    comparison_figure(told.comparisons[0], IMAGES[PAIR[0]], IMAGES[PAIR[1]], probability_of())
    text = " ".join(lettered)
    for words in (
        "+1.25 px right, -0.40 px down",
        "radius 0.06 px",
        "40 of 52 tiles",
        "Confidence: moderate",
        "4 % of what could",
    ):
        assert words in text, words
    for limit in told.comparisons[0].limits:
        assert limit in text


def test_a_pair_that_could_not_be_aligned_says_so_and_shows_no_probability(told: Findings, lettered: list[str]) -> None:
    failed = dataclasses.replace(
        told.comparisons[0], alignment=Alignment(None, None, failed="too few tiles agree"), changed_fraction=None, patches=()
    )
    nothing = np.full_like(probability_of(), np.nan)
    made = draw_comparison(failed, IMAGES[PAIR[0]], IMAGES[PAIR[1]], nothing)
    text = " ".join(lettered)
    assert "Not aligned, so not compared: too few tiles agree" in text
    assert "No share of change is stated" in text
    left, top, right, low = made.panels[0]
    below = rgb(made.data)[low + comparison.HEAD + 2 : low + comparison.HEAD + low - top - 2, left + 2 : right - 2]
    assert (below == np.array(draw.NO_DATA)).all()


def test_synthetic_is_burnt_into_every_picture_of_a_simulated_scene(told: Findings, lettered: list[str]) -> None:
    made_up = {
        name: dataclasses.replace(image, scene=dataclasses.replace(image.scene, synthetic=True))
        for name, image in IMAGES.items()
    }
    made = vhr_figures(told, made_up, {PAIR: probability_of()})
    assert sum("SYNTHETIC" in text for text in lettered) == len(made)
    lettered.clear()
    vhr_figures(told, IMAGES, {PAIR: probability_of()})
    assert not any("SYNTHETIC" in text for text in lettered)


def test_a_scene_without_its_image_has_no_picture(told: Findings) -> None:
    assert vhr_figures(told, {}, {}) == ()
    only = vhr_figures(told, {SCENES[0].id: IMAGES[SCENES[0].id]}, {PAIR: probability_of()})
    assert [figure.name for figure in only] == ["figures/scene-1.png"]


# ---------------------------------------------------------------- where things lie
def test_panels_of_a_pair_hold_its_images_and_its_patches(told: Findings) -> None:
    made = draw_comparison(told.comparisons[0], IMAGES[PAIR[0]], IMAGES[PAIR[1]], probability_of())
    pixels = rgb(made.data)
    shown = []
    for left, top, right, low in made.panels:
        panel = pixels[top:low, left:right]
        scale = (right - left) / 160
        assert (low - top) / 120 == pytest.approx(scale)
        assert like(panel, draw.VERMILION, 30).any()
        inner = panel[math.ceil(24 * scale) : int(36 * scale), math.ceil(24 * scale) : int(36 * scale)]
        shown.append(float(inner.mean()))
    assert shown[1] > shown[0] + 40  # the bright patch is new


def test_colours_of_a_probability_grow_darker_all_the_way() -> None:
    colours = comparison.coloured(np.linspace(0, 1, 101)).astype(float)
    luma = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) < 0).all()
    assert luma[0] > 250
    assert luma[-1] < 40


def test_a_point_lies_on_its_pixel_and_a_metre_is_as_long_as_the_pixels_say() -> None:
    seen = view.View(IMAGES[PAIR[0]], slice(10, 60), slice(20, 100), 4.0)
    assert seen.size == (320, 200)
    assert seen.at([vhr_at(20, 10), vhr_at(50, 30)]).tolist() == [[0.0, 0.0], [120.0, 80.0]]
    assert seen.metre_px == pytest.approx(8.0, rel=2e-3)  # a grid metre of UTM is not quite one on the ground


@given(st.floats(0, 359), st.floats(0, 359))
def test_directions_turn_with_the_image(turn: float, azimuth: float) -> None:
    """Columns of a turned image point elsewhere; a direction on it is that on the ground, less the turn."""
    c, s = 0.5 * math.cos(math.radians(turn)), 0.5 * math.sin(math.radians(turn))
    base = image_of(0)
    turned = dataclasses.replace(base, transform=(c, -s, 680_100.0, -s, -c, 3_814_900.0))
    plain, other = (view.View(image, slice(0, 9), slice(0, 9), 1.0) for image in (base, turned))
    one, two = plain.direction(azimuth), other.direction(azimuth)
    assert one is not None
    assert two is not None
    assert abs(one - azimuth) % 360 == pytest.approx(0, abs=2) or abs(one - azimuth) % 360 > 358  # meridians lean
    difference = (one - two) % 360
    assert min(abs(difference - turn), 360 - abs(difference - turn)) < 0.1


def test_an_image_without_georeference_has_a_scale_bar_by_its_pixels_and_no_arrows() -> None:
    scene = dataclasses.replace(SCENES[0], crs=None)
    image = dataclasses.replace(image_of(0), transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), scene=scene)
    facts = view.facts(view.whole(image, 400), "A title", [scene])
    assert facts.metre_px == pytest.approx(view.whole(image, 400).scale / 0.5)
    assert (facts.north, facts.sun) == (None, None)
    bare = dataclasses.replace(image, scene=dataclasses.replace(scene, gsd_m=None))
    assert view.facts(view.whole(bare, 400), "A title", [bare.scene]).metre_px is None
    assert measurement_figure(measurement_of(where=((80.0, 60.0), (104.0, 60.0))), bare)


def test_each_image_of_a_pair_has_its_own_sun(told: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    monkeypatch.setattr(comparison, "sun_arrow", lambda _pen, sun, _centre, _size: drawn.append(sun))
    before, after = IMAGES[PAIR[0]], IMAGES[PAIR[1]]
    later = dataclasses.replace(after, scene=dataclasses.replace(after.scene, sun_azimuth=200.0))
    comparison_figure(told.comparisons[0], before, later, probability_of())
    assert drawn == pytest.approx([141.5, -160.0], abs=1.5)
    drawn.clear()
    dark = dataclasses.replace(after, scene=dataclasses.replace(after.scene, sun_azimuth=None))
    comparison_figure(told.comparisons[0], before, dark, probability_of())
    assert len(drawn) == 1


def test_two_images_of_unlike_numbers_are_stretched_apart_and_that_is_said(told: Findings, lettered: list[str]) -> None:
    before, after = IMAGES[PAIR[0]], IMAGES[PAIR[1]]
    assert view.stretch_of_pair(before, after)[2]
    eight_bit = dataclasses.replace(after, values=after.values / np.float32(8))
    assert not view.stretch_of_pair(before, eight_bit)[2]
    comparison_figure(told.comparisons[0], before, eight_bit, probability_of())
    assert any("own stretch" in text for text in lettered)


@pytest.mark.parametrize("angle", [0.0, 20.0, 90.0, 179.0])
def test_the_box_of_a_sighting_is_as_long_and_as_turned_as_it_says(angle: float) -> None:
    seen = view.View(IMAGES[PAIR[1]], slice(0, 120), slice(0, 160), 5.0)
    box = overview.box_on(seen, sighting_of(angle_deg=angle))
    assert box.area == pytest.approx(8 * 3 * 10**2, rel=5e-3)
    assert (box.centroid.x, box.centroid.y) == pytest.approx((300, 250))
    long = max(np.diff(np.array(box.exterior.coords), axis=0), key=lambda side: float(np.hypot(*side)))
    assert math.degrees(math.atan2(long[1], long[0])) % 180 == pytest.approx(angle % 180, abs=1e-6)


def test_many_sightings_are_drawn_and_the_first_numbered(lettered: list[str]) -> None:
    many = [sighting_of(f"O{n}", centre=vhr_at(10 + n % 14 * 10, 10 + n // 14 * 12)) for n in range(70)]
    overview.overview_figure(IMAGES[PAIR[1]], many, ())
    assert str(overview.MOST) in lettered
    assert str(overview.MOST + 1) not in lettered
    assert "10 more are drawn without a number." in lettered


# ---------------------------------------------------------------- a width on its pixels
def test_the_edges_of_a_width_are_drawn_where_they_were_fitted() -> None:
    result = measurement_of()
    seen = view.around(IMAGES[PAIR[1]], result.where, measurement.PANEL, margin=measurement.MARGIN)
    pixels = rgb(measurement_figure(result, IMAGES[PAIR[1]]))
    panel = pixels[:, draw.MARGIN : draw.MARGIN + seen.size[0]]
    columns = np.flatnonzero(like(panel, draw.VERMILION, 20).sum(axis=0) > 20)
    for u in (-2.2, 2.42):
        x, _ = seen.at([vhr_at(92 + u / 0.5, 60)])[0]
        assert abs(columns - x).min() <= 2, u
    assert all(min(abs(c - seen.at([vhr_at(92 + u / 0.5, 60)])[0][0]) for u in (-2.2, 2.42)) <= 3 for c in columns)


def test_the_profile_and_the_fitted_curve_of_an_opening_are_those_of_its_pixels() -> None:
    opening = measurement._opening(measurement_of(), IMAGES[PAIR[1]])  # noqa: SLF001 - no picture tells its numbers
    assert opening is not None
    at, light = measurement._profile(opening, IMAGES[PAIR[1]])  # noqa: SLF001 - the same
    assert light[np.abs(at) < 1.5].mean() == pytest.approx(250, abs=5)
    assert light[np.abs(at) > 3].mean() == pytest.approx(400, abs=5)
    curve = measurement.fitted(opening, at, light)
    assert curve is not None
    assert np.interp(0.0, at, curve) == pytest.approx(250, abs=6)
    assert np.interp(-2.2, at, curve) == pytest.approx(325, abs=20)  # halfway at the edge


def test_a_width_without_a_model_and_one_that_was_refused_are_drawn_as_they_were_asked_for(lettered: list[str]) -> None:
    refused = measurement_of(model=(), value=None, low=None, high=None, refused="there is one edge only")
    assert not like(rgb(measurement_figure(refused, IMAGES[PAIR[1]])), draw.VERMILION, 5).any()
    assert "Not stated: there is one edge only" in lettered
    assert "fitted opening" not in lettered


@pytest.mark.parametrize("quantity", ["length", "area", "height", "spoil volume"])
def test_other_measurements_show_what_was_drawn(quantity: str) -> None:
    corners = (vhr_at(20, 20), vhr_at(40, 20), vhr_at(40, 40))
    data = measurement_figure(measurement_of(quantity=quantity, where=corners, model=()), IMAGES[PAIR[1]])
    assert like(rgb(data), draw.YELLOW, 20).sum() > 100
