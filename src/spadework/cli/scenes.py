"""Commands on very-high-resolution images: compare two, look for objects, bring a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spadework.cli.app import AsJson, Bands, Gsd, Picture, app
from spadework.cli.drawn import bands_of
from spadework.cli.terminal import progress

if TYPE_CHECKING:
    from spadework.change.pair import Scores

models = typer.Typer(no_args_is_help=True, help="Detectors and change models that you bring.")
app.add_typer(models, name="models")


@app.command()
def compare(
    before: Annotated[Path | None, typer.Argument(metavar="BEFORE", help="The earlier image.")] = None,
    after: Annotated[Path | None, typer.Argument(metavar="AFTER", help="The later one.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for raster, patches and picture.")] = Path("change"),
    gsd: Gsd = None,
    bands: Bands = "",
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME|FILE", help="A change model: yours by name, or one that --train wrote."),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option("--train", metavar="LABELS", help="Learn from a folder with A, B and label; prints its score."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two images: aligned, with a probability of change and what it is worth."""
    from spadework.errors import UserError
    from spadework.imagery.vhr import ImageRequest
    from spadework.run.compare import TRAINED, compare_files, train_on

    told: dict[str, Any] = {}
    with progress() as on_step:
        if train is not None:
            scores, path, left_out = train_on(train, out, lambda _: on_step("train", 0, None))
            told = {"trained": {**_score(scores), "model": str(path.resolve()), "left_out": list(left_out)}}
        if before is None or after is None:
            if train is None or before is not None:
                raise UserError("compare", "needs two images", "spadework compare BEFORE AFTER --out DIR")
            print(json.dumps(told["trained"]) if as_json else _trained_text(told["trained"]))
            return
        on_step("compare", 0, None)
        chosen = model or (str(out / TRAINED) if train is not None else None)
        told |= compare_files(before, after, out, ImageRequest(gsd_m=gsd, bands=bands_of(bands)), chosen)
    if as_json:
        print(json.dumps(told, allow_nan=False))
    else:
        print(_compared_text(told, out))
    sys.exit(0 if told["aligned"] else 3)


@app.command()
def objects(
    image: Picture,
    gsd: Gsd = None,
    bands: Bands = "",
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME|CARD", help="A detector of yours; else candidates by size.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Objects in an image, named no more surely than its pixels carry."""
    from spadework.imagery.vhr import ImageRequest
    from spadework.run.objects import objects_in

    with progress() as on_step:
        seen = objects_in(image, ImageRequest(gsd_m=gsd, bands=bands_of(bands)), on_step, model)
    if as_json:
        print(json.dumps(seen.as_json, allow_nan=False))
        return
    print(f"{seen.statement}\n" + "\n".join(f"  note: {note}" for note in seen.notes))
    print(f"{len(seen.sightings)} found")
    for one in seen.sightings:
        print(
            f"  {one.identity} {one.label} at {one.centre[0]:.1f},{one.centre[1]:.1f}, box {one.length_m:.0f} x {one.width_m:.0f} m"
        )


@models.command()
def add(file: Annotated[Path, typer.Argument(metavar="FILE", help="Its card (.toml), or the .onnx beside it.")]) -> None:
    """Check a model by its card, try it once, and keep it."""
    from spadework.run.models import add_model

    card = add_model(file)
    print(f"added {card.says}: {card.task}, {card.gsd_m[0]:g} to {card.gsd_m[1]:g} m a pixel")


@models.command(name="list")
def list_() -> None:
    """Your models, and cards that cannot be used any more."""
    from spadework.run.models import list_models

    shelf = list_models()
    print(f"models in {shelf.folder}: {len(shelf.cards)}")
    for card in shelf.cards:
        print(f"  {card.says}: {card.task}, {card.gsd_m[0]:g} to {card.gsd_m[1]:g} m a pixel")
    for fault in shelf.faults:
        print(f"  not usable: {fault}")


def _score(scores: Scores) -> dict[str, Any]:
    told = (("f1", scores.f1), ("iou", scores.iou), ("precision", scores.precision), ("recall", scores.recall))
    return {"pairs": len(scores.pairs), **{name: [ratio.value, ratio.low, ratio.high] for name, ratio in told}}


def _trained_text(told: dict[str, Any]) -> str:
    lines = [f"leave one pair out, {told['pairs']} pairs (each scored by a model that never saw it; 90 % interval over pairs)"]
    for name in ("f1", "iou", "precision", "recall"):
        value, low, high = told[name]
        lines.append(f"  {name:<10} {value:.2f} ({low:.2f} to {high:.2f})")
    return "\n".join([*lines, *(f"  left out: {text}" for text in told["left_out"]), f"  model      {told['model']}"])


def _compared_text(told: dict[str, Any], out: Path) -> str:
    head = [_trained_text(told["trained"])] if "trained" in told else []
    if not told["aligned"]:
        return "\n".join([*head, f"not aligned, so not compared: {told['reason']}"])
    dx, dy = told["shift_px"]
    share = (
        "nothing could be compared" if told["changed_fraction"] is None else f"{told['changed_fraction']:.1%} looks different"
    )
    return "\n".join(
        [
            *head,
            f"aligned: the later image moved by {dx:+.2f} px right, {dy:+.2f} px down (90 % radius {told['shift_u_px']:.2f} px)",
            f"{share}, in {told['patches']} patches; confidence {told['confidence']}",
            *(f"  limit: {limit}" for limit in told["limits"]),
            f"  raster   {(out / 'change.tif').resolve()}",
            f"  patches  {(out / 'change.geojson').resolve()}",
            f"  picture  {(out / 'change.png').resolve()}",
        ]
    )
