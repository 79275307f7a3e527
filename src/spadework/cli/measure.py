"""``spadework measure``: one tool a command, each an interval with its budget, or the reason why there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spadework.cli.app import AsJson, Bands, Gsd, Picture, app
from spadework.cli.drawn import bands_of, instant_of, numbers, points_of
from spadework.cli.measured import measurement_json, measurement_text

if TYPE_CHECKING:
    from spadework.imagery.vhr import ImageRequest
    from spadework.records import Measurement, MeasureRule, MeasureWord

measure = typer.Typer(no_args_is_help=True, help="Lengths, widths, heights and volumes on a very-high-resolution image.")
app.add_typer(measure, name="measure")

Line = Annotated[str, typer.Option("--line", metavar="X1,Y1,X2,Y2", help="In map units of the image's CRS, or pixels.")]
Outline = Annotated[str, typer.Option("--outline", metavar="X1,Y1,X2,Y2,X3,Y3,...", help="Corners, in order.")]
Pixels = Annotated[bool, typer.Option("--pixels", help="Points are column,row; 0,0 is the outer corner of the first pixel.")]
Drawing = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE.png", help="A picture: the pixels and what was fitted.")
]


@measure.command()
def width(
    image: Picture,
    line: Line,
    along: Annotated[float, typer.Option("--along", metavar="M", min=0.1, max=100, help="Averaged along the opening.")] = 6.0,
    pixels: Pixels = False,
    gsd: Gsd = None,
    bands: Bands = "",
    figure: Drawing = None,
    as_json: AsJson = False,
) -> None:
    """Width of an opening as seen from above: draw a line across it, ending on ground on both sides."""
    rule = _rule("width", line, along_m=along)
    _tell(*_measured(image, rule, _known(gsd, bands), pixels, figure), as_json=as_json)


@measure.command()
def length(
    image: Picture, line: Line, pixels: Pixels = False, gsd: Gsd = None, figure: Drawing = None, as_json: AsJson = False
) -> None:
    """Length of a line of two points or more, as seen from above."""
    _tell(*_measured(image, _rule("length", line), _known(gsd), pixels, figure), as_json=as_json)


@measure.command()
def area(
    image: Picture, outline: Outline, pixels: Pixels = False, gsd: Gsd = None, figure: Drawing = None, as_json: AsJson = False
) -> None:
    """Area of an outline, as seen from above."""
    _tell(*_measured(image, _rule("area", outline), _known(gsd), pixels, figure), as_json=as_json)


@measure.command()
def shadow(
    image: Picture,
    line: Annotated[
        str, typer.Option("--line", metavar="X1,Y1,X2,Y2", help="From the foot of the thing to the tip of its shadow.")
    ],
    slope: Annotated[float, typer.Option("--slope", metavar="DEG", help="Rise of the ground from foot to tip.")] = 0.0,
    when: Annotated[
        str, typer.Option("--datetime", metavar="TIME", help="UTC, e.g. 2020-05-12T08:31:00Z; else the file's.")
    ] = "",
    sun: Annotated[str, typer.Option("--sun", metavar="ELEVATION,AZIMUTH", help="Degrees; else computed.")] = "",
    pixels: Pixels = False,
    gsd: Gsd = None,
    figure: Drawing = None,
    as_json: AsJson = False,
) -> None:
    """Height of an upright thing, from its shadow and where the sun stood."""
    rule = _rule("shadow", line, slope_deg=slope)
    _tell(*_measured(image, rule, _known(gsd, when=when, sun=sun), pixels, figure), as_json=as_json)


Height = Annotated[float | None, typer.Option("--height", metavar="M", min=0.01, help="Height, where it is known.")]


@measure.command()
def spoil(
    image: Picture, outline: Outline, height: Height = None, pixels: Pixels = False, gsd: Gsd = None, figure: Drawing = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Volume of a heap from its outline: an upper bound; with a height, an interval."""
    _tell(*_measured(image, _rule("spoil", outline, height_m=height), _known(gsd), pixels, figure), as_json=as_json)


@measure.command()
def excavation(
    image: Picture,
    outline: Outline,
    height: Height = None,
    line: Annotated[
        str, typer.Option("--line", metavar="X1,Y1,X2,Y2", help="Across the opening: its width narrows the answer.")
    ] = "",
    pixels: Pixels = False,
    gsd: Gsd = None,
    as_json: AsJson = False,
) -> None:
    """Length of a tunnel that a heap of spoil fills."""
    from spadework.run.measure import measure_excavated

    rules = [_rule("spoil", outline, height_m=height), *([_rule("width", line)] if line else [])]
    _tell(*measure_excavated(image, rules, _known(gsd), in_pixels=pixels), as_json=as_json)


@measure.command()
def passage(
    image: Picture, line: Line, height: Height = None, pixels: Pixels = False, gsd: Gsd = None, as_json: AsJson = False
) -> None:
    """Which vehicles could pass an opening, by its width (and height, where known)."""
    from spadework.run.measure import measure_passed

    told = measure_passed(image, _rule("width", line), height, _known(gsd), in_pixels=pixels)
    _tell(*told, as_json=as_json)


@measure.command()
def terrain(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="An elevation model: any raster with a CRS.")],
    point: Annotated[str, typer.Option("--point", metavar="X,Y", help="The portal, in the model's CRS or that of --crs.")],
    bearing: Annotated[float, typer.Option("--bearing", metavar="DEG", min=0, max=360, help="Of the drive, from true north.")],
    grade: Annotated[float, typer.Option("--grade", help="Rise of the drive a metre: .01 = 1 %.")] = 0.0,
    crs: Annotated[str, typer.Option("--crs", metavar="EPSG:N", help="Of the point, where it is not the model's.")] = "",
    error: Annotated[float, typer.Option("--error", metavar="M", min=0, help="Relative error of the model, one sigma.")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Slope at a portal, cover over a straight drive from it, and where the drive would come out."""
    from spadework.intake.dem import DemRequest, read_dem
    from spadework.measure.terrain import TerrainSettings, measure_terrain

    x, y = numbers(point, "--point", 2)
    model, portal = read_dem(dem, DemRequest((x, y), crs or None))
    _tell(*measure_terrain(model, portal, bearing, TerrainSettings(grade=grade, error_m=error)), as_json=as_json)


# ---------------------------------------------------------------- between options and the run
def _rule(quantity: MeasureWord, drawn: str, **settings: float | None) -> MeasureRule:
    from spadework.records import MeasureRule

    points = points_of(drawn, "--line" if quantity in ("width", "length", "shadow") else "--outline")
    return MeasureRule(quantity, "", quantity, points, **settings)  # type: ignore[arg-type]  # fields of a rule


def _known(gsd: float | None, bands: str = "", when: str = "", sun: str = "") -> ImageRequest:
    from spadework.imagery.vhr import ImageRequest
    from spadework.records import VhrScene

    elevation, azimuth = numbers(sun, "--sun", 2) if sun else (None, None)
    said = VhrScene("", datetime=instant_of(when), sun_elevation=elevation, sun_azimuth=azimuth)
    return ImageRequest(gsd_m=gsd, bands=bands_of(bands), described=said)


def _measured(
    image: Path, rule: MeasureRule, known: ImageRequest, pixels: bool, figure: Path | None
) -> tuple[Measurement, ...]:
    from spadework.run.measure import measure_file

    return measure_file(image, rule, known, in_pixels=pixels, figure=figure)


def _tell(*told: Measurement, as_json: bool) -> None:
    if as_json:
        one, *more = map(measurement_json, told)
        print(json.dumps({"measurements": [one, *more]} if more else one, allow_nan=False))
        return
    print("\n".join(map(measurement_text, told)))
