"""The README's tutorial runs as it is printed; only the catalogue's address is replaced by one on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spadework.cli import app
from spadework.intake.scenario import builtin_scenario
from spadework.intake.site import read_site
from spadework.run.demo import write_scenario

ROOT = Path(__file__).parent.parent


def tutorial() -> list[str]:
    text = (ROOT / "README.md").read_text().split("<!-- tutorial")[1].split("\n## Nothing found?")[0]
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines() if line]


def test_the_tutorial_runs(tmp_path: Path) -> None:
    write_scenario(builtin_scenario("arid"), tmp_path / "local")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = []
    for command in tutorial():
        if " EVENT " in command:
            event = json.loads((tmp_path / "dossier" / "events.geojson").read_text())["features"][0]["properties"]["id"]
            command = command.replace("EVENT", event)  # noqa: PLW2901 - as the reader would
        result = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, (command, result.stderr)
        done.append(result.stdout)
        if command.startswith("spadework init"):
            site = tmp_path / "site.toml"
            text = site.read_text().replace("https://earth-search.aws.element84.com/v1", "local/catalog/catalog.json")
            text = text.replace('"sentinel-2-l2a"', '"synthetic-arid"')
            for key, day in (("history_start", "2022-01-01"), ("start", "2024-01-01"), ("end", "2025-06-30")):
                text = re.sub(rf"^{key} = \S+", f"{key} = {day}", text, flags=re.MULTILINE)
            site.write_text(text)
    assert "learns" in done[1]
    assert "began between" in done[2]
    assert "rejected" in done[4]
    assert "head" in done[6]
    assert "was confirmed and is now rejected by an analyst" in done[7]


def test_every_command_is_in_the_readme_or_its_help() -> None:
    text = (ROOT / "README.md").read_text()
    for command in (
        "init",
        "run",
        "mark",
        "demo",
        "sign",
        "publish",
        "verify",
        "history",
        "report",
        "compare",
        "objects",
        "warm",
    ):
        assert f"spadework {command}" in text
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


def test_the_documented_site_file_is_accepted(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "site-file.md").read_text(), re.DOTALL)
    assert block is not None
    (tmp_path / "site.toml").write_text(block[1])
    (tmp_path / "aoi.geojson").write_text(
        '{"type": "Polygon", "coordinates": [[[10, 50], [10.1, 50], [10.1, 50.1], [10, 50.1], [10, 50]]]}'
    )
    site = read_site(tmp_path / "site.toml")
    assert len(site.imagery) == 2
    uncommented = re.sub(r"^# ?(?=\w+ = )", "", block[1], flags=re.MULTILINE)
    (tmp_path / "site.toml").write_text(uncommented)
    assert read_site(tmp_path / "site.toml").synthetic is True


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "docs/site-file.md",
        "docs/publishing.md",
        "docs/verify.md",
        "docs/exports.md",
        "docs/words.md",
        "docs/vhr-commands.md",
        "docs/vhr-compare.md",
        "docs/vhr-measure.md",
        "docs/vhr-objects.md",
        "docs/vhr-width.md",
    ],
)
def test_links_and_named_files_exist(name: str) -> None:
    text = (ROOT / name).read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
    if name == "ARCHITECTURE.md":
        for file in re.findall(r"`((?:\w+/)+\w+\.(?:py|html\.j2))`", text):
            assert any((base / file).exists() for base in (ROOT / "src" / "spadework", ROOT)), file
