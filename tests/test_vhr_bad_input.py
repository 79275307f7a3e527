"""Images as they come: every depth and border, and what cannot be used, each named with its mend."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image as Picture
from scipy import ndimage
from typer.testing import CliRunner

from spadework.cli import app
from spadework.errors import UserError
from spadework.imagery.vhr import ImageRequest, open_image, read_onto

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # written here without one
EAST, NORTH = 500_000.0, 3_730_000.0


def texture(rows: int = 200, cols: int = 200, seed: int = 1) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).normal(size=(rows + 40, cols + 40))
    smooth = np.sum([ndimage.gaussian_filter(noise, s) * s for s in (1, 2, 4)], axis=0)
    return np.asarray(smooth[20:-20, 20:-20] / np.std(smooth))


def written(path: Path, values: NDArray[Any], px: float = 0.5, **more: Any) -> Path:  # noqa: ANN401 - rasterio's own
    stack = values if values.ndim == 3 else values[None]
    settings = {
        "driver": "GTiff", "count": stack.shape[0], "height": stack.shape[1], "width": stack.shape[2], "dtype": stack.dtype,
        "crs": "EPSG:32639", "transform": Affine(px, 0, EAST, 0, -px, NORTH),
    }  # fmt: skip
    with rasterio.open(path, "w", **{**settings, **more}) as file:
        file.write(stack)
    return path


def pair(root: Path, dtype: str = "uint16", scale: float = 150, base: float = 900) -> tuple[Path, Path]:
    ground = base + scale * texture()
    later = ground.copy()
    later[80:110, 90:120] += 4 * scale
    noise = np.random.default_rng(2)
    one, two = (
        np.clip(values + noise.normal(0, scale / 40, values.shape), 1, None).astype(dtype) for values in (ground, later)
    )
    return written(root / "a_20200401.tif", one), written(root / "b_20200512.tif", two)


def compared(root: Path, *words: str | Path) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, [str(word) for word in ("compare", *words, "--out", root / "out", "--json")])
    if isinstance(done.exception, UserError):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("dtype", "scale", "base"), [("uint8", 12, 90), ("uint16", 150, 900), ("uint16", 600, 3000), ("uint16", 5000, 30000)]
)
def test_eight_eleven_twelve_and_sixteen_bits_are_compared_alike(tmp_path: Path, dtype: str, scale: float, base: float) -> None:
    before, after = pair(tmp_path, dtype, scale, base)
    code, told = compared(tmp_path, before, after)
    assert (code, told["aligned"]) == (0, True)
    assert np.hypot(*told["shift_px"]) < 0.1
    assert 0.005 < told["changed_fraction"] < 0.06
    with rasterio.open(tmp_path / "out" / "change.tif") as file:
        probability = file.read(1)
        assert (file.dtypes[0], np.isnan(file.nodata), file.transform) == (
            "float32",
            True,
            Affine(0.5, 0, EAST, 0, -0.5, NORTH),
        )
    assert np.nanmean(probability[85:105, 95:115]) > 0.5
    assert np.nanmax(probability) <= 1
    patches = json.loads((tmp_path / "out" / "change.geojson").read_text())
    assert len(patches["features"]) == told["patches"]
    x, y = patches["features"][0]["geometry"]["coordinates"][0][0]
    assert 50 < x < 52
    assert 33 < y < 34


def test_images_of_other_ground_are_not_aligned_and_leave_no_raster(tmp_path: Path) -> None:
    before, after = pair(tmp_path)
    assert compared(tmp_path, before, after)[0] == 0
    other = written(tmp_path / "c_20200601.tif", (900 + 150 * texture(seed=9)).astype(np.uint16))
    code, told = compared(tmp_path, before, other)
    assert (code, told["aligned"], told["shift_px"], told["changed_fraction"]) == (3, False, None, None)
    assert told["reason"]
    assert not (tmp_path / "out" / "change.tif").exists()


def test_a_known_shift_is_told_with_its_sign(tmp_path: Path) -> None:
    ground = (900 + 150 * texture(240, 240)).astype(np.uint16)
    before = written(tmp_path / "a_20200401.tif", ground[20:220, 20:220])
    after = written(tmp_path / "b_20200512.tif", ground[17:217, 25:225])  # what lay at column 25 now lies at 20: 5 left, 3 down
    _, told = compared(tmp_path, before, after)
    np.testing.assert_allclose(told["shift_px"], (5, -3), atol=0.1)


def test_a_jpeg_of_eight_bits_and_no_place_is_compared_pixel_on_pixel(tmp_path: Path) -> None:
    ground = np.clip(120 + 20 * texture(), 0, 255).astype(np.uint8)
    later = ground.copy()
    later[60:90, 60:90] = 240
    for name, values in (("a.jpg", ground), ("b.jpg", later)):
        Picture.fromarray(np.stack([values] * 3, axis=-1)).save(tmp_path / name, quality=92)
    code, told = compared(tmp_path, tmp_path / "a.jpg", tmp_path / "b.jpg", "--gsd", "0.5")
    assert code == 0
    assert any("no georeference" in note for note in told["notes"])
    assert "spadework:coordinates" in json.loads((tmp_path / "out" / "change.geojson").read_text())


def test_black_borders_without_a_nodata_value_are_no_data_and_dark_ground_is(tmp_path: Path) -> None:
    values = (900 + 150 * texture()).astype(np.uint16)
    values[:, :30] = 0
    values[100, 100] = 0
    image = open_image(written(tmp_path / "a.tif", values))
    assert not image.valid[:, :30].any()
    assert image.valid[100, 100]
    assert "black borders" in " ".join(image.scene.notes)
    told = open_image(written(tmp_path / "b.tif", values, nodata=0))
    assert not told.valid[100, 100]


def test_a_finer_pan_and_coarser_bands_are_compared_by_their_mean(tmp_path: Path) -> None:
    ground = 900 + 150 * texture(400, 400)
    pan = written(tmp_path / "pan_20200401.tif", ground.astype(np.uint16))
    coarse = ground.reshape(200, 2, 200, 2).mean(axis=(1, 3))
    bands = written(tmp_path / "ms_20200512.tif", np.stack([coarse, coarse * 1.1, coarse * 0.9]).astype(np.uint16), px=1.0)
    code, told = compared(tmp_path, pan, bands)
    assert (code, told["aligned"]) == (0, True)
    assert np.hypot(*told["shift_px"]) < 0.5
    far = written(tmp_path / "far_20200601.tif", coarse[::4, ::4].astype(np.uint16), px=4.0)
    with pytest.raises(UserError, match="too far apart"):
        compared(tmp_path, pan, far)


def test_before_and_after_swapped_one_file_twice_and_no_common_ground_are_named(tmp_path: Path) -> None:
    before, after = pair(tmp_path)
    with pytest.raises(UserError, match="swap before and after"):
        compared(tmp_path, after, before)
    with pytest.raises(UserError, match="the same image"):
        compared(tmp_path, before, before)
    away = written(
        tmp_path / "d_20200601.tif", np.ones((50, 50), np.uint16), transform=Affine(0.5, 0, EAST + 9000, 0, -0.5, NORTH)
    )
    with pytest.raises(UserError, match="shows no ground that a_20200401 shows"):
        compared(tmp_path, before, away)
    bare = written(tmp_path / "e_20200601.tif", np.ones((200, 200), np.uint16), crs=None, transform=None)
    with pytest.raises(UserError, match="no georeference, the other image has one"):
        compared(tmp_path, before, bare)


def test_no_date_is_no_obstacle_and_is_said(tmp_path: Path) -> None:
    before, after = pair(tmp_path)
    before, after = before.rename(tmp_path / "a.tif"), after.rename(tmp_path / "b.tif")
    code, told = compared(tmp_path, before, after)
    assert code == 0
    assert told["confidence"] == "low"
    assert open_image(before).scene.datetime is None


def test_what_is_no_image_or_cut_off_is_named_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "text.tif"
    text.write_text("not an image at all")
    before, after = pair(tmp_path)
    data = after.read_bytes()
    half = tmp_path / "half_20200601.tif"
    half.write_bytes(data[: len(data) // 2])
    for path, message in (
        (text, "no image that can be read"),
        (half, "truncated|no image"),
        (tmp_path / "none.tif", "is no file"),
    ):
        with pytest.raises(UserError, match=message) as caught:
            compared(tmp_path, before, path)
        assert "\n" not in str(caught.value)


def test_twenty_gigapixels_are_measured_in_a_window_and_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge_20200512.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=140_000, width=140_000, count=1, dtype="uint16", crs="EPSG:32639",
        transform=Affine(0.5, 0, EAST, 0, -0.5, NORTH), tiled=True, blockxsize=256, blockysize=256, SPARSE_OK=True, BIGTIFF="YES",
    ) as file:  # fmt: skip
        patch = (900 + 150 * texture(256, 256)).astype(np.uint16)
        file.write(patch[None], window=rasterio.windows.Window(70_000 // 256 * 256, 70_000 // 256 * 256, 256, 256))
    code = (
        "import sys; from spadework.cli import main; sys.argv = ['spadework', *sys.argv[1:]]\n"
        "try:\n    main()\nfinally:\n"
        "    print('peak', next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    at = 70_000 // 256 * 256 + 100
    words = ["measure", "width", str(path), "--line", f"{at},{at},{at + 30},{at}", "--pixels", "--json"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    told, peak = done.stdout.splitlines()[0], int(done.stdout.rsplit("peak", 1)[1])
    assert json.loads(told)["gsd_m"] == 0.5, done.stderr
    assert peak < 600_000  # kilobytes, of this process alone: the file has 39 GB of pixels
    with pytest.raises(UserError, match="too many for one piece"):
        open_image(path)


def test_the_window_of_points_keeps_its_place(tmp_path: Path) -> None:
    before, _ = pair(tmp_path)
    whole = open_image(before)
    part = open_image(before, ImageRequest(points=((EAST + 50, NORTH - 40),), margin_m=5))
    col, row = round((part.transform[2] - EAST) / 0.5), round((NORTH - part.transform[5]) / 0.5)
    rows, cols = part.valid.shape
    np.testing.assert_array_equal(part.values, whole.values[:, row : row + rows, col : col + cols])


def test_an_image_laid_on_its_own_grid_is_unchanged(tmp_path: Path) -> None:
    before, after = pair(tmp_path)
    like = open_image(before)
    np.testing.assert_array_equal(read_onto(after, like).values, open_image(after).values)
