"""A change model trained on labels: reading them, features, the bytes it is kept as, scores, and ONNX in its place."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Picture

from spadework.change.pair import (
    PairModel,
    TrainSettings,
    change_probability,
    count,
    leave_one_pair_out,
    load,
    scores_of,
    train,
)
from spadework.change.pair.edges import structure
from spadework.change.pair.features import VERSION, feature_names, features_of
from spadework.cube import Image, LabelledPair
from spadework.errors import UserError
from spadework.intake.labels import read_labels, read_pair_model
from spadework.intake.models import load_model
from spadework.records import VhrScene
from spadework.store.files import write_atomic

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = TrainSettings(rounds=12, leaves=7, rate=0.3, least=20)


def seen(values: NDArray[np.generic], name: str) -> Image:
    cube = np.asarray(values, dtype=np.float32)
    bands = ("red", "green", "blue")[: len(cube)]
    return Image(cube, np.ones(cube.shape[1:], dtype=np.bool_), bands, (1, 0, 0, 0, 1, 0), VhrScene(name))


def labelled(seed: int, bands: int = 3, size: int = 64) -> LabelledPair:
    """Two noisy looks at smooth ground; a bright block is new in the second."""
    rng = np.random.default_rng(seed)
    truth = 100 + 10 * rng.normal(size=(bands, size // 8, size // 8)).repeat(8, axis=1).repeat(8, axis=2)
    changed = np.zeros((size, size), dtype=np.bool_)
    top, left = rng.integers(4, size - 28, 2)
    changed[top : top + 20, left : left + 22] = True
    before, after = (truth + rng.normal(0, 2, truth.shape) for _ in range(2))
    sha = hashlib.sha256(str(seed).encode()).hexdigest()
    return LabelledPair(f"pair {seed}", seen(before, "a"), seen(np.where(changed, after + 60, after), "b"), changed, sha)


PAIRS = tuple(labelled(seed) for seed in range(3))


@pytest.fixture(scope="module")
def model() -> PairModel:
    return train(PAIRS, SMALL, leave_one_pair_out(PAIRS, SMALL))


# ---------------------------------------------------------------- scores
def test_counts_and_figures_are_those_of_a_hand() -> None:
    changed = np.array([[True, True, True, False, False]])
    probability = np.array([[0.9, 0.5, np.nan, 0.7, 0.1]], dtype=np.float32)
    one = count("a", probability, changed, 0.5)
    assert (one.hit, one.false, one.missed, one.quiet) == (2, 1, 1, 1)
    scores = scores_of([one])
    assert (scores.f1.value, scores.iou.value, scores.precision.value, scores.recall.value) == (4 / 6, 2 / 4, 2 / 3, 2 / 3)
    assert (scores.f1.low, scores.f1.high) == (4 / 6, 4 / 6)  # one pair tells nothing of other pairs


def test_intervals_are_over_pairs_and_hold_the_value() -> None:
    good, bad = (
        count(name, np.array([[p, p]], dtype=np.float32), np.array([[True, False]]), 0.5) for name, p in (("a", 1), ("b", 0))
    )
    f1 = scores_of([good, bad]).f1
    assert f1.low == 0
    assert f1.high == pytest.approx(2 / 3)
    assert f1.value == pytest.approx(0.5)


# ---------------------------------------------------------------- features
def test_every_feature_has_a_name_and_is_finite() -> None:
    for bands in (("red", "green", "blue"), ("pan",)):
        rng = np.random.default_rng(1)
        one, other = rng.normal(size=(2, len(bands), 40, 50)).astype(np.float32)
        found = features_of(one, other, bands)
        assert found.shape == (len(feature_names(bands)), 40, 50)
        assert len(set(feature_names(bands))) == len(found)
        assert np.isfinite(found).all()


def test_gaps_change_their_sign_when_the_images_are_swapped() -> None:
    one, other = np.random.default_rng(2).normal(size=(2, 1, 40, 40)).astype(np.float32)
    there, back = features_of(one, other, ("pan",)), features_of(other, one, ("pan",))
    for n, name in enumerate(feature_names(("pan",))):
        if " gap" in name:
            np.testing.assert_allclose(there[n], -back[n], atol=1e-5)
        elif "before" not in name and "after" not in name:
            np.testing.assert_allclose(there[n], back[n], atol=1e-5)


def test_structure_is_nought_for_the_same_edges_whatever_their_contrast_and_two_for_reversed_ones() -> None:
    one = np.random.default_rng(3).normal(size=(1, 60, 60)).astype(np.float32)
    assert structure(one, one, 1.0).max() < 1e-6
    assert structure(one, one * 1.2, 1.0).max() < 0.1
    assert structure(one, -one, 1.0).min() > 1


def test_features_know_nothing_beyond_their_margin() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=(2, 1, 20, 300)).astype(np.float32)
    moved = other.copy()
    moved[:, :, :80] += 5
    there, back = features_of(one, other, ("pan",)), features_of(one, moved, ("pan",))
    assert np.array_equal(there[:, :, 80 + 64 :], back[:, :, 80 + 64 :])


# ---------------------------------------------------------------- training and keeping
def test_a_trained_model_finds_what_it_was_shown(model: PairModel) -> None:
    new = labelled(77)
    pair = change_probability(new.before, new.after, model=model)
    found = pair.probability >= 0.5
    assert found[new.changed & pair.comparable].mean() > 0.8
    assert found[~new.changed].mean() < 0.05
    assert pair.detector == "gradient-boosted trees trained on labelled pairs"
    assert "3 labelled pairs" in pair.limits[0]
    assert "on pairs left out in turn" in pair.limits[1]


def test_the_same_pairs_give_the_same_bytes_and_reading_them_back_gives_the_same_model(
    model: PairModel, tmp_path: Path
) -> None:
    again = train(PAIRS, SMALL, leave_one_pair_out(PAIRS, SMALL))
    assert again.to_bytes() == model.to_bytes()
    path = tmp_path / "pairs.model"
    write_atomic(path, model.to_bytes())
    back = load(read_pair_model(path), path.name)
    assert back == model
    assert back.to_bytes() == path.read_bytes()
    new = labelled(5)
    one, other = (change_probability(new.before, new.after, model=made).probability for made in (model, back))
    assert np.array_equal(one, other, equal_nan=True)


def test_blocks_of_any_size_give_the_same_answer(model: PairModel) -> None:
    new = labelled(6, size=160)
    small = replace(model, settings=replace(SMALL, block_px=50))
    one, other = (change_probability(new.before, new.after, model=made).probability for made in (model, small))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_model_names_what_it_was_trained_on(model: PairModel) -> None:
    head = json.loads(model.to_bytes().partition(b"\n")[0])
    assert head["features"] == VERSION
    assert head["pairs"] == [[pair.id, pair.sha256] for pair in PAIRS]
    assert 0 <= head["score"]["f1"]["low"] <= head["score"]["f1"]["value"] <= head["score"]["f1"]["high"] <= 1


def altered(model: PairModel, **head: Any) -> bytes:  # noqa: ANN401 - any JSON
    line, _, trees = model.to_bytes().partition(b"\n")
    return json.dumps(json.loads(line) | head).encode() + b"\n" + trees


@pytest.mark.parametrize("head", [{"format": "another"}, {"score": {"f1": 1}}, {"settings": {"depth": 3}}, {"pairs": [1]}])
def test_a_file_with_another_head_is_no_model(model: PairModel, head: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"x\.model: is no change model"):
        load(altered(model, **head), "x.model")


@pytest.mark.parametrize("data", [b"", b"\x80\x04\x95pickle", b"tree\nversion=v4", b"{}\n", b"[]\n", b"\xff\xfe\n\xff"])
def test_what_is_no_model_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(UserError, match=r"x\.model: is no change model"):
        load(data, "x.model")


def test_features_of_another_version_are_refused(model: PairModel) -> None:
    with pytest.raises(UserError, match="was trained on features of version 0, this Spadework has version"):
        load(altered(model, features="0"), "x.model")


def test_altered_trees_are_refused(model: PairModel) -> None:
    with pytest.raises(UserError, match="its trees are not those that were saved"):
        load(model.to_bytes()[:-1] + b"?", "x.model")


def test_other_bands_than_those_trained_on_are_refused(model: PairModel) -> None:
    pan = labelled(1, bands=1)
    with pytest.raises(UserError, match="has bands red; the model was trained on red, green, blue"):
        change_probability(pan.before, pan.after, model=model)


def test_labels_that_teach_nothing_are_refused() -> None:
    nothing = [replace(pair, changed=np.zeros_like(pair.changed)) for pair in PAIRS]
    with pytest.raises(UserError, match="no changed pixel"):
        train(nothing, SMALL)
    with pytest.raises(UserError, match="hold no pair"):
        train([], SMALL)
    with pytest.raises(UserError, match="one pair; leave-one-pair-out needs two"):
        leave_one_pair_out(PAIRS[:1], SMALL)
    with pytest.raises(UserError, match="pair 9: has other bands than pair 0"):
        train([PAIRS[0], labelled(9, bands=1)], SMALL)


def test_the_score_never_sees_the_pair_that_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    honest = leave_one_pair_out(PAIRS, SMALL, told.append)
    assert told == [pair.id for pair in PAIRS]
    lying = [replace(PAIRS[0], changed=~PAIRS[0].changed), *PAIRS[1:]]
    other = leave_one_pair_out(lying, SMALL)
    before, after = honest.pairs[0], other.pairs[0]
    # the first pair's own labels change only how it is counted, not what is found in it
    assert before.hit + before.false == after.hit + after.false


# ---------------------------------------------------------------- folders
def png(path: Path, values: NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(values).save(path)


def folder(root: Path) -> Path:
    rng = np.random.default_rng(8)
    for part in ("A", "B"):
        png(root / part / "one.png", rng.integers(1, 255, (40, 50, 3), dtype=np.uint8))
    png(root / "label" / "one.png", np.where(np.eye(40, 50), 255, 0).astype(np.uint8))
    return root


def test_a_folder_of_labels_is_read_by_name(tmp_path: Path) -> None:
    (pair,) = read_labels(folder(tmp_path)).pairs
    assert pair.id == "one"
    assert pair.before.bands == ("red", "green", "blue")
    assert pair.before.values.shape == (3, 40, 50)
    assert pair.changed.sum() == 40
    assert len(pair.sha256) == 64


def test_pairs_that_cannot_be_used_are_left_out_by_name(tmp_path: Path) -> None:
    root = folder(tmp_path)
    plain = np.ones((40, 50, 3), dtype=np.uint8)
    for part in ("A", "B"):
        png(root / part / "unlabelled.png", plain)
        png(root / part / "odd.png", plain if part == "A" else plain[:-1])
        png(root / part / "broken.png", plain)
    png(root / "A" / "alone.png", plain)
    png(root / "label" / "odd.png", plain[..., 0])
    (root / "label" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not")
    labels = read_labels(root)
    assert [pair.id for pair in labels.pairs] == ["one"]
    assert labels.dropped == (
        "alone is left out: it is not in B",
        "broken is left out: broken.png in label is no PNG that can be read",
        "odd is left out: its images and mask differ in size (50 x 39, 50 x 40)",
        "unlabelled is left out: it has no mask",
    )


def test_an_alpha_channel_says_where_there_is_data(tmp_path: Path) -> None:
    root = folder(tmp_path)
    values = np.full((40, 50, 4), 200, dtype=np.uint8)
    values[:, :10, 3] = 0
    png(root / "A" / "one.png", values)
    (pair,) = read_labels(root).pairs
    assert pair.before.valid.sum() == 40 * 40
    assert pair.before.values[:, ~pair.before.valid].max() == 0


@pytest.mark.parametrize("part", ["A", "B", "label"])
def test_a_folder_that_lacks_a_part_is_named(tmp_path: Path, part: str) -> None:
    root = folder(tmp_path)
    (root / part).rename(root / "elsewhere")
    with pytest.raises(UserError, match=f"has no folder {part}. put images"):
        read_labels(root)


def test_a_folder_without_any_usable_pair_says_why(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "label" / "one.png").unlink()
    with pytest.raises(UserError, match=r"holds no pair that can be used \(one is left out: it has no mask"):
        read_labels(root)


# ---------------------------------------------------------------- ONNX in its place
def test_an_onnx_graph_stands_in_for_the_detector(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    size = 32
    nodes = [
        helper.make_node("Less", ["before", "after"], ["less"]),
        helper.make_node("Cast", ["less"], ["number"], to=kinds.FLOAT),
    ]
    shape = [1, 1, size, size]
    entries = [helper.make_tensor_value_info(name, kinds.FLOAT, shape) for name in ("before", "after", "number")]
    graph = helper.make_graph(nodes, "brighter", entries[:2], entries[2:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (tmp_path / "brighter.onnx").write_bytes(made.SerializeToString())
    weights = hashlib.sha256((tmp_path / "brighter.onnx").read_bytes()).hexdigest()
    card = tmp_path / "brighter.toml"
    card.write_text(
        f'name = "brighter"\nversion = "1.0"\ntask = "change"\nweights = "brighter.onnx"\nsha256 = "{weights}"\n'
        f'licence = "Apache-2.0"\ntraining_data = "made in a test"\ngsd_m = [0.3, 0.7]\n'
        f'[input]\nbands = ["pan"]\ntile_px = {size}\n',
        encoding="utf-8",
    )
    found = load_model(card)
    one, two = (seen(np.random.default_rng(seed).normal(100, 9, (1, 70, 90)), str(seed)) for seed in (1, 2))
    pair = change_probability(one, two, model=found.change, model_name=found.card.name)
    assert pair.detector == "brighter"
    assert np.array_equal(pair.probability == 1, one.values[0] < two.values[0])


# ---------------------------------------------------------------- real pairs
def real(name: str) -> Path:
    root = Path(os.environ.get("SPADEWORK_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "vhr_pairs" / name
    if not root.is_dir():
        pytest.skip(f"vhr_pairs/{name} is not in ../shared (SPADEWORK_SHARED)")
    return root


def test_the_levir_pair_without_a_mask_is_left_out_by_name() -> None:
    labels = read_labels(real("levir"))
    assert len(labels.pairs) == 5
    assert labels.dropped == ("test_113_0256 is left out: it has no mask",)


def test_real_pairs_years_apart_are_said_to_show_little() -> None:
    for pair in read_labels(real("levir")).pairs[:2]:
        found = change_probability(pair.before, pair.after)
        assert found.confidence == "low"
        assert "most change stays unseen" in found.limits[0]
        assert "F1 .30" in " ".join(found.limits)
