"""Models from outside: cards, weights, the one head, and the user's folder. The graphs are made here, a few numbers each."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from spadework.cube import Image
from spadework.errors import MissingExtraError, StorageError, UserError
from spadework.grid import tiles
from spadework.intake.cards import read_card
from spadework.intake.models import bands_of, load_model
from spadework.records import VhrScene
from spadework.run.models import add_model, list_models, models_folder, open_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BOXES = [[10.0, 20.0, 12.0, 6.0, 0.5, 0.9, 1.0], [30.0, 8.0, 12.0, 6.0, 0.0, 0.1, 0.0]]
"""cx, cy, width, height, angle, score, class: a sure one of class 1, an unsure one of class 0."""


def graph(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], constants: dict[str, Any], **meta: str) -> bytes:
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, held), opset_imports=imports, ir_version=9)
    for key, value in meta.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model) if all(not node.domain for node in nodes) else None
    return bytes(model.SerializeToString())


def floats(name: str, *shape: int | str) -> Any:  # noqa: ANN401 - onnx ships no types
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def detector(boxes: Any = BOXES, bands: int = 1, size: int = 32, **meta: str) -> bytes:  # noqa: ANN401 - any wrong shape too
    """Gives the same boxes for every tile, with the tile's mean, times nothing, added: the input is used."""
    rows = np.asarray(boxes, dtype=np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["boxes", "zero"], ["y"]),
    ]
    constants = {"nothing": np.float32(0), "boxes": rows}
    return graph(nodes, [floats("x", 1, bands, size, size)], [floats("y", *rows.shape)], constants, **meta)


def changer(size: int = 32, factor: float = 1.0) -> bytes:
    """|after - before|, of the first and only band, times a factor."""
    nodes = [
        helper.make_node("Sub", ["after", "before"], ["d"]),
        helper.make_node("Abs", ["d"], ["a"]),
        helper.make_node("Mul", ["a", "factor"], ["p"]),
    ]
    inputs = [floats("before", 1, 1, size, size), floats("after", 1, 1, size, size)]
    return graph(nodes, inputs, [floats("p", 1, 1, size, size)], {"factor": np.float32(factor)})


def card(folder: Path, weights: bytes, /, **keys: Any) -> Path:  # noqa: ANN401 - TOML holds anything
    """A card and its weights in a folder; a key given as None is left out, ``fed`` replaces the [input] table's lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.onnx").write_bytes(weights)
    table: dict[str, Any] = {
        "name": '"plant"', "version": '"1.0"', "task": '"detection"', "weights": '"plant.onnx"',
        "sha256": f'"{hashlib.sha256(weights).hexdigest()}"', "licence": '"Apache-2.0"', "training_data": '"made in a test"',
        "gsd_m": "[0.3, 0.5]", "classes": '["car", "excavator"]', "vehicles": '["car"]', "heavy": '["excavator"]',
        "fed": 'bands = ["pan"]\ntile_px = 32',
    } | keys  # fmt: skip
    fed = table.pop("fed")
    lines = [f"{key} = {value}" for key, value in table.items() if value is not None]
    path = folder / "plant.toml"
    path.write_text("\n".join([*lines, "[input]", fed, ""]), encoding="utf-8")
    return path


def change_card(folder: Path, weights: bytes, /, **keys: Any) -> Path:  # noqa: ANN401 - as above
    bare = {"name": '"differ"', "task": '"change"', "classes": None, "vehicles": None, "heavy": None}
    return card(folder, weights, **bare, **keys)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPADEWORK_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


# ---------------------------------------------------------------- the card
def test_a_card_says_all_that_a_sighting_will_carry(tmp_path: Path) -> None:
    known = read_card(card(tmp_path, detector()))
    assert known.says == "plant 1.0 (Apache-2.0)"
    assert (known.gsd_m, known.tile_px, known.bands) == ((0.3, 0.5), 32, ("pan",))
    assert known.vehicles == ("car", "excavator")
    assert read_card(tmp_path / "plant.onnx") == known


def test_the_card_in_the_docs_is_a_good_one(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "vhr-objects.md").read_text(encoding="utf-8")
    (tmp_path / "card.toml").write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    known = read_card(tmp_path / "card.toml")
    assert (known.name, known.vehicles, known.heavy) == ("plant-yard", ("car", "excavator"), ("excavator",))


def test_a_graph_with_its_bands_last_is_fed_so(tmp_path: Path) -> None:
    """Takes (1, 32, 32, 2) and gives one box whose centre is the two bands' means."""
    boxes = np.zeros((1, 7), dtype=np.float32)
    boxes[0, 2:] = (4, 2, 0, 0.9, 0)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Concat", ["mean", "rest"], ["y"], axis=1),
    ]
    weights = graph(nodes, [floats("x", 1, 32, 32, 2)], [floats("y", 1, 7)], {"rest": boxes[:, 2:]})
    fed = 'bands = ["red", "blue"]\ntile_px = 32\nlayout = "NHWC"\nscale = [1.0, 0.5]\noffset = [0.0, 1.0]'
    model = load_model(card(tmp_path, weights, fed=fed))
    tile = np.stack([np.full((32, 32), 8, dtype=np.float32), np.full((32, 32), 20, dtype=np.float32)])
    np.testing.assert_allclose(model.detect(tile), [[8, 11, 4, 2, 0, 0.9, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"clases": '["car"]'}, "clases: unknown key. did you mean 'classes'?"),
        ({"fed": 'bands = ["pan"]\ntile_size = 32'}, "input.tile_size: unknown key. did you mean 'tile_px'?"),
        ({"fed": 'bands = ["gren"]\ntile_px = 32'}, "unknown band 'gren'; did you mean 'green'?"),
        ({"fed": 'bands = ["pan"]\ntile_px = 32\nscale = [1.0, 2.0]'}, "input.scale: has not one number, nor one a band (1)"),
        ({"fed": 'bands = ["pan"]\ntile_px = 32\nscale = nan'}, "input.scale: Input should be a finite number"),
        ({"fed": 'bands = ["pan"]'}, "input.tile_px: is missing"),
        ({"sha256": '"abc"'}, "sha256"),
        ({"version": None}, "version: is missing"),
        ({"name": '"../evil"'}, "name: must be lower case letters"),
        ({"weights": '"../plant.onnx"'}, "weights"),
        ({"weights": '"plant.pt"'}, "weights"),
        ({"gsd_m": "[0.5, 0.3]"}, "is not finest, coarsest"),
        ({"gsd_m": "[0.0, 0.3]"}, "gsd_m.0: Input should be greater than 0"),
        ({"classes": None, "vehicles": None, "heavy": None}, "classes: are missing"),
        ({"task": '"change"'}, "classes: have no place in a change model"),
        ({"classes": '["car", "car"]'}, "name one class twice"),
        ({"heavy": '["crane"]'}, "heavy: 'crane' is none of the classes"),
        ({"classes": '["car", "person"]'}, "'person': Spadework finds no people"),
        ({"classes": '["car", "excavator_operating"]'}, "a still shows no activity"),
        ({"licence": '"AGPL-3.0"'}, "'AGPL-3.0' binds whoever passes on"),
        ({"licence": '"LGPL-2.1-only"'}, "'LGPL-2.1-only' binds whoever"),
        ({"licence": '"CC-BY-NC-SA-4.0"'}, "'CC-BY-NC-SA-4.0' shuts out some uses"),
        ({"licence": '"academic use only"'}, "'academic use only' shuts out some uses"),
        ({"licence": '"ours"'}, "'ours' is not known here"),
    ],
)
def test_what_is_wrong_with_a_card_is_said_by_name(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    path = card(tmp_path, detector(), **keys)
    with pytest.raises(UserError) as error:
        read_card(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_licence_that_asks_for_reading_passes_once_the_card_says_why(tmp_path: Path) -> None:
    known = read_card(card(tmp_path, detector(), licence='"AGPL-3.0"', licence_note='"used on this desk, passed on to nobody"'))
    assert known.says == "plant 1.0 (AGPL-3.0)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name = ", "is not valid TOML"),
        (b"name = " + b"[" * 100_000, "is nested too deeply"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"#" * (1 << 21), "too large"),
        (None, "cannot be read"),
    ],
)
def test_a_card_that_is_no_text_is_named(tmp_path: Path, text: bytes | None, said: str) -> None:
    path = tmp_path / "plant.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(UserError, match=said):
        read_card(path)


# ---------------------------------------------------------------- the weights
def test_a_detector_gives_its_boxes_above_the_least_score(tmp_path: Path) -> None:
    model = load_model(card(tmp_path, detector()))
    boxes = model.detect(np.zeros((1, 32, 32), dtype=np.float32))
    np.testing.assert_allclose(boxes, [BOXES[0]], rtol=1e-6)


def test_a_detector_may_find_nothing(tmp_path: Path) -> None:
    model = load_model(card(tmp_path, detector(np.zeros((0, 7)))))
    assert model.detect(np.zeros((1, 20, 32), dtype=np.float32)).shape == (0, 7)


def test_boxes_beyond_a_tile_that_was_filled_up_are_dropped(tmp_path: Path) -> None:
    model = load_model(card(tmp_path, detector()))
    assert len(model.detect(np.zeros((1, 19, 32), dtype=np.float32))) == 0  # the centre is in row 20


def test_other_weights_than_the_cards_are_refused(tmp_path: Path) -> None:
    path = card(tmp_path, detector())
    (tmp_path / "plant.onnx").write_bytes(detector(size=64))
    with pytest.raises(UserError, match=r"its SHA-256 is .*, the card says"):
        load_model(path)
    (tmp_path / "plant.onnx").unlink()
    with pytest.raises(UserError, match="cannot be read"):
        load_model(path)


def foreign() -> bytes:
    node = helper.make_node("Secret", ["x"], ["y"], domain="com.example")
    return graph([node], [floats("x", 1, 1, 32, 32)], [floats("y", 1, 7)], {})


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (b"no model", "is no ONNX model that runs here: Failed to load model because protobuf parsing failed"),
        (foreign(), "com.example:Secret(-1) is not a registered function/op"),
        (detector(size=64), "does not run on 1 x 1 x 32 x 32"),
        (detector(bands=3), "does not run on 1 x 1 x 32 x 32"),
        (detector(np.zeros((1, 4, 7))), r"gave 1 x 4 x 7, not (n, 7)"),
        (detector(np.zeros((4, 6))), r"gave 4 x 6, not (n, 7)"),
        (detector([[1, 1, 1, 1, np.nan, 1, 0]]), "not finite"),
        (detector([[1, 1, 1, 1, 0, 90.0, 0]]), "gave scores from 90 to 90"),
        (detector([[1, 1, 1, 1, 0, 0.9, 2]]), "gave a class that is none of 0 to 1"),
        (detector([[1, 1, 1, 1, 0, 0.9, 0.5]]), "gave a class that is none of 0 to 1"),
        (changer(), "takes 2 inputs; a detection model takes 1"),
        (detector(license="AGPL-3.0 License"), "the file's own licence: 'AGPL-3.0 License' binds"),
    ],
)
def test_a_graph_that_does_not_fit_its_card_is_one_clear_error(tmp_path: Path, weights: bytes, said: str) -> None:
    path = card(tmp_path, weights)
    with pytest.raises(UserError) as error:
        load_model(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_kept_in_a_second_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load_from_string(detector())
    onnx.save_model(model, str(tmp_path / "out.onnx"), save_as_external_data=True, location="more.bin", size_threshold=0)
    path = card(tmp_path, (tmp_path / "out.onnx").read_bytes())
    with pytest.raises(UserError, match="export it as one file"):
        load_model(path)


def test_numbers_that_go_bad_after_the_trial_are_refused_too(tmp_path: Path) -> None:
    model = load_model(card(tmp_path, detector()))
    with pytest.raises(UserError, match="not finite"):
        model.detect(np.full((1, 32, 32), np.inf, dtype=np.float32))


def test_without_onnxruntime_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spadework\[detect\]'"):
        load_model(card(tmp_path, detector()))


# ---------------------------------------------------------------- change models
@pytest.mark.parametrize("shape", [(7, 90), (32, 32), (33, 31), (100, 71)])
def test_a_change_model_covers_any_shape_without_seams(tmp_path: Path, shape: tuple[int, int]) -> None:
    model = load_model(change_card(tmp_path, changer()))
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 1, *shape), dtype=np.float32)
    np.testing.assert_allclose(model.change(before, after), np.abs(after - before)[0], atol=1e-6)


def test_what_is_no_probability_is_refused(tmp_path: Path) -> None:
    model = load_model(change_card(tmp_path, changer(factor=3.0)))
    with pytest.raises(UserError, match="not a probability"):
        model.change(np.zeros((1, 32, 32), dtype=np.float32), np.ones((1, 32, 32), dtype=np.float32))


def test_a_graph_is_fed_what_the_card_says(tmp_path: Path) -> None:
    """before = 0, after = 100 +- 20: the 2nd to 98th percentile becomes 0..1, times .5; |after - before| gives it back."""
    fed = 'bands = ["pan"]\ntile_px = 32\nstretch = "percentile"\nscale = 0.5\noffset = 0.25'
    model = load_model(change_card(tmp_path, changer(), fed=fed))
    after = np.linspace(80, 120, 32 * 32, dtype=np.float32).reshape(1, 32, 32)
    given = model.change(np.zeros_like(after), after)
    assert given.min() == 0.0
    assert given.max() == 0.5
    assert given[16, 0] == pytest.approx(0.25, abs=0.01)


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    size=st.integers(2, 64),
    share=st.floats(0, 0.9),
)
def test_the_cores_of_tiles_cover_an_array_once(shape: tuple[int, int], size: int, share: float) -> None:
    overlap = min(int(size * share), size - 1)
    seen: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)
    for tile in tiles(shape, size, overlap):
        seen[tile.core] += 1
        for outer, core, length in zip(tile.outer, tile.core, shape, strict=True):
            assert 0 <= outer.start <= core.start < core.stop <= outer.stop <= length
            assert outer.stop - outer.start == min(size, length)
            assert core.start == 0 or core.start - outer.start >= overlap // 2
            assert core.stop == length or outer.stop - core.stop >= overlap // 2
    assert (seen == 1).all()


def test_bands_are_picked_by_name_in_the_models_order(tmp_path: Path) -> None:
    known = read_card(card(tmp_path, detector(bands=2), fed='bands = ["red", "blue"]\ntile_px = 32'))
    values = np.stack([np.full((2, 2), n, dtype=np.float32) for n in range(3)])
    image = Image(values, np.ones((2, 2), dtype=bool), ("blue", "green", "red"), (1, 0, 0, 0, 1, 0), VhrScene("a"))
    assert bands_of(image, known)[:, 0, 0].tolist() == [2, 0]
    pan = Image(values[:1], image.valid, ("pan",), image.transform, image.scene)
    with pytest.raises(UserError, match="a: has no red, blue, which plant takes"):
        bands_of(pan, known)


# ---------------------------------------------------------------- the user's folder
def test_a_model_is_added_listed_and_opened_by_name(tmp_path: Path, own_folder: Path) -> None:
    added = add_model(card(tmp_path / "got", detector()))
    assert added.weights == own_folder / "plant" / "plant.onnx"
    assert [known.name for known in list_models().cards] == ["plant"]
    assert open_model("plant", "detection").card == added
    assert add_model(tmp_path / "got" / "plant.onnx") == added  # again: the same
    assert sorted(p.name for p in (own_folder / "plant").iterdir()) == ["plant.onnx", "plant.toml"]


def test_a_model_that_does_not_run_leaves_nothing_behind(tmp_path: Path, own_folder: Path) -> None:
    with pytest.raises(UserError, match="registered"):
        add_model(card(tmp_path / "got", foreign()))
    assert not own_folder.exists()


def test_another_model_of_the_same_name_is_refused(tmp_path: Path) -> None:
    add_model(card(tmp_path / "one", detector()))
    with pytest.raises(UserError, match="another model of that name"):
        add_model(card(tmp_path / "two", detector(BOXES[:1])))


def test_a_damaged_card_in_the_folder_does_not_hide_the_others(tmp_path: Path, own_folder: Path) -> None:
    add_model(card(tmp_path / "got", detector()))
    (own_folder / "bad").mkdir()
    (own_folder / "bad" / "bad.toml").write_text("name = 1\n", encoding="utf-8")
    shelf = list_models()
    assert [known.name for known in shelf.cards] == ["plant"]
    assert len(shelf.faults) == 1
    assert "bad.toml" in str(shelf.faults[0])


def test_a_model_is_asked_only_for_what_it_does(tmp_path: Path) -> None:
    path = change_card(tmp_path / "got", changer())
    with pytest.raises(UserError, match="is a change model, not one for detection"):
        open_model(str(path), "detection")
    with pytest.raises(UserError, match=r"is no model of yours. add one with `spadework models add FILE`"):
        open_model("plant", "detection")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("SPADEWORK_MODELS", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="SPADEWORK_MODELS"):
        add_model(card(tmp_path / "got", detector()))


def test_models_live_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPADEWORK_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert models_folder() == tmp_path / "spadework" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert models_folder() == tmp_path / "home" / ".local" / "share" / "spadework" / "models"
