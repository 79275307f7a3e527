"""Quality classes and bits to usable ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spadework.imagery.mask import CLEAR, CLOUDED, NO_DATA, SNOW, MaskKind, classify, dilate
from spadework.records import ClearRule

SCL = MaskKind("scl", ClearRule().scl, None)
QA = MaskKind("qa_pixel", (), None)


def one(value: float, kind: MaskKind, dtype: str = "uint16") -> int:
    return int(classify(np.array([[value]], dtype=dtype), kind)[0, 0])


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        *((0, NO_DATA), (1, CLOUDED), (2, CLOUDED), (3, CLOUDED), (4, CLEAR), (5, CLEAR), (6, CLEAR), (7, CLEAR)),
        *((8, CLOUDED), (9, CLOUDED), (10, CLOUDED), (11, SNOW)),
    ],
)
def test_scene_classes_of_sentinel_2(value: int, meaning: int) -> None:
    assert one(value, SCL, "uint8") == meaning


def test_snow_that_the_site_file_calls_clear_is_clear() -> None:
    assert one(11, MaskKind("scl", (4, 5, 11), None)) == CLEAR


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        pytest.param(21824, CLEAR, id="clear land: bit 6"),
        pytest.param(21952, CLEAR, id="clear water: bits 6, 7"),
        pytest.param(22280, CLOUDED, id="cloud, high confidence: bit 3"),
        pytest.param(23888, CLOUDED, id="cloud shadow, although bit 6 is set: bit 4"),
        pytest.param(23826, CLOUDED, id="dilated cloud: bit 1"),
        pytest.param(54596, CLOUDED, id="cirrus: bit 2"),
        pytest.param(30048, SNOW, id="snow: bit 5"),
        pytest.param(30048 | 1 << 3, CLOUDED, id="cloud over snow"),
        pytest.param(1, NO_DATA, id="fill: bit 0"),
        pytest.param(0, CLOUDED, id="nothing said is not clear"),
    ],
)
def test_bits_of_landsat(value: int, meaning: int) -> None:
    assert one(value, QA) == meaning


@pytest.mark.parametrize("kind", [SCL, QA, MaskKind("values", (1, 300), 255.0), MaskKind("values", (-1,), None)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_numbers_looked_up_are_classified_as_any_other(kind: MaskKind, dtype: str) -> None:
    every = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)[None]
    np.testing.assert_array_equal(classify(every, kind), classify(every.astype(np.int32), kind))


@given(st.integers(0, 2**16 - 1))
def test_a_landsat_pixel_is_clear_only_with_the_clear_bit_and_no_other_verdict(value: int) -> None:
    bits = [bool(value >> n & 1) for n in range(7)]
    assert (one(value, QA) == CLEAR) == (bits[6] and not any(bits[:6]))


def test_values_of_a_local_mask() -> None:
    kind = MaskKind("values", (1, 3), 255.0)
    assert [one(v, kind, "uint8") for v in (0, 1, 2, 3, 255)] == [CLOUDED, CLEAR, CLOUDED, CLEAR, NO_DATA]
    assert one(0, MaskKind("values", (0,), None)) == CLEAR


def test_a_mask_of_floats_with_nan_has_no_data_there() -> None:
    kind = MaskKind("values", (0, 1), float("nan"))
    assert classify(np.array([[0.0, 1.0, np.nan, 2.0]], dtype=np.float32), kind).tolist() == [[CLEAR, CLEAR, NO_DATA, CLOUDED]]


# ---------------------------------------------------------------- dilation
def cross(radius: int) -> list[list[int]]:
    """Rows and columns within ``radius`` of the middle of a 7 x 7 field."""
    return [[r, c] for r in range(7) for c in range(7) if (r - 3) ** 2 + (c - 3) ** 2 <= radius**2]


@pytest.mark.parametrize(
    ("pixel_m", "metres", "radius"), [(10, 20, 2), (20, 20, 1), (30, 20, 1), (60, 20, 1), (10, 30, 3), (10, 0, 0)]
)
def test_cloud_grows_by_so_many_pixels(pixel_m: float, metres: float, radius: int) -> None:
    classes = np.full((7, 7), CLEAR, dtype=np.uint8)
    classes[3, 3] = CLOUDED
    before = classes.copy()
    grown = dilate(classes, ClearRule(dilate_m=metres), pixel_m)
    assert np.argwhere(grown == CLOUDED).tolist() == cross(radius)
    assert (classes == before).all()


@pytest.mark.parametrize("other", [NO_DATA, SNOW])
def test_no_data_and_snow_do_not_grow_and_are_not_grown_over(other: int) -> None:
    classes = np.full((7, 7), CLEAR, dtype=np.uint8)
    classes[3, 3] = other
    assert (dilate(classes, ClearRule(), 10) == classes).all()
    classes[3, 4] = CLOUDED
    grown = dilate(classes, ClearRule(), 10)
    assert grown[3, 3] == other
    assert (grown == CLOUDED).sum() == 12  # a disk of 13 pixels, one of which is the other


@given(arrays.arrays(np.uint8, (12, 9), elements=st.integers(0, 3)), st.sampled_from([10.0, 20.0, 30.0]))
def test_dilation_only_turns_clear_into_cloud_and_never_less_with_more_metres(classes: np.ndarray, pixel_m: float) -> None:
    some, more = (dilate(classes, ClearRule(dilate_m=m), pixel_m) for m in (20.0, 60.0))
    changed = some != classes
    assert (classes[changed] == CLEAR).all()
    assert (some[changed] == CLOUDED).all()
    assert ((some == CLOUDED) <= (more == CLOUDED)).all()
