"""The law of the house, read from its syntax tree: who may open files and sockets, what is never imported, how long things grow."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import spadework

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(spadework.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
DOORS = ("imagery", "intake", "store", "machine")
"""``machine`` is no door to the world: it keeps its own code."""

SEALED = {
    "socket", "ssl", "http", "ftplib", "smtplib", "urllib.request", "urllib3", "requests", "httpx", "subprocess", "tempfile", "shutil",
    "glob", "sqlite3", "rasterio", "pyogrio", "netCDF4", "pystac", "pystac_client", "planetary_computer", "zarr",
}  # fmt: skip
"""Modules that only doors import."""
TOUCHING = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "unlink",
    "mkdir",
    "rmdir",
    "touch",
    "iterdir",
    "rglob",
    "fdopen",
}
"""Calls that only doors make."""
LONG: dict[str, str] = {}
"""Files that may pass 400 lines, and why."""


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) of everything that is imported when the code runs."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, last name of what is called)."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            if node.args and "BytesIO(" in ast.unparse(node.args[0]):
                continue  # Pillow opens bytes in memory by the same name
            if isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.lineno, node.func.attr


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def sealed(path: Path) -> list[str]:
    if room(path) in DOORS:
        return []
    found = [f"{name(path)}:{line} imports {module}" for line, module in imports(tree(path)) if within(module, SEALED)]
    return found + [f"{name(path)}:{line} calls {called}" for line, called in calls(path) if called in TOUCHING]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_doors_touch_files_sockets_and_processes(path: Path) -> None:
    assert sealed(path) == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_code_of_nrt_is_never_imported(path: Path) -> None:
    assert [line for line, module in imports(tree(path)) if within(module, {"nrt"})] == []
    dynamic = [
        node for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func)
    ]
    assert not any("nrt" in ast.unparse(node) for node in dynamic)


def test_only_the_machine_room_compiles() -> None:
    """What another room had compiled would be kept nowhere, or where an edit is not noticed."""
    assert {room(path) for path in FILES for _, module in imports(tree(path)) if within(module, {"numba", "llvmlite"})} == {
        "machine"
    }


def test_only_the_romania_room_names_the_nrt_distribution() -> None:
    named = {
        name(path) for path in FILES for node in ast.walk(tree(path)) if isinstance(node, ast.Constant) and node.value == "nrt"
    }
    assert named == {"intake/romania.py"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400 or name(path) in LONG, f"{name(path)} has {lines} lines"


def test_the_list_of_long_files_holds_no_short_one() -> None:
    assert [entry for entry in LONG if len((ROOT / entry).read_text(encoding="utf-8").splitlines()) <= 400] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_has_at_most_60_lines(path: Path) -> None:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f"{f.name}: {n} lines" for f in functions if (n := (f.end_lineno or f.lineno) - f.lineno + 1) > 60] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_room_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path)) or not path.read_text(encoding="utf-8").strip()


def test_the_law_sees_what_it_forbids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks themselves, on a room that breaks every one of them."""
    monkeypatch.setattr("test_law.ROOT", tmp_path)
    bad = tmp_path / "events" / "bad.py"
    bad.parent.mkdir()
    bad.write_text(
        "import subprocess\nfrom urllib import request\nfrom rasterio import open as o\nopen('x')\np.write_text('y')\n",
        encoding="utf-8",
    )
    assert len(sealed(bad)) == 5
    typed = tmp_path / "events" / "typed.py"
    typed.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rasterio\n", encoding="utf-8")
    assert sealed(typed) == []
    door = tmp_path / "store" / "door.py"
    door.parent.mkdir()
    door.write_text("import rasterio\nopen('x')\n", encoding="utf-8")
    assert sealed(door) == []
