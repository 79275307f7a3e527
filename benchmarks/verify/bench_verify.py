"""How long ``verify`` takes on 1 GB, as a dossier's folder and as an export's zip, beside a floor that only reads and hashes.

    python benchmarks/verify/bench_verify.py [--folder DIR] [--gigabytes N] [--repetitions N]

The floor is ``hashlib.file_digest`` over the same files, one after another: what no check of SHA-256 on one thread undercuts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spadework.store.files import sha256
from spadework.store.ledger import Ledger
from spadework.store.pack import write_pack
from spadework.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES: Final = {"chips": (800, 1_000_000), "rasters": (20, 5_000_000), "one": (1, 100_000_000)}
"""Kind of file: (how many, bytes of each), for 1 GB."""


def make(root: Path, gigabytes: float) -> dict[str, Path]:
    """A folder with a ledger that knows every file; the files by name."""
    ledger = Ledger(root / "ledger.jsonl")
    files = {}
    for kind, (count, size) in SIZES.items():
        for n in range(round(count * gigabytes) if count > 1 else 1):
            name = f"{kind}/{n:05d}.bin"
            data = os.urandom(size if count > 1 else round(size * gigabytes))
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
            ledger.append("chip", {"scene": name, "outputs": {name: sha256(data)}})
            files[name] = root / name
    return files


def best(work: Callable[[], object], repetitions: int) -> tuple[float, float]:
    """Wall seconds: least, median."""
    walls = []
    for _ in range(repetitions):
        began = time.perf_counter()
        work()
        walls.append(time.perf_counter() - began)
    return min(walls), statistics.median(walls)


def floor(files: dict[str, Path]) -> None:
    """Hash every file."""
    for path in files.values():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def sound(path: Path) -> None:
    """Verify, and be sure that it was verified."""
    verdict = verify(path, None, lambda *_: None)
    if not verdict.ok:
        raise SystemExit(str(verdict.problems[:3]))


def main() -> None:
    """Make the material, time each row, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where the material goes; deleted at the end")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--repetitions", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        root, export = Path(folder) / "dossier", Path(folder) / "export.zip"
        files = make(root, asked.gigabytes)
        lines = Ledger(root / "ledger.jsonl").lines()
        rows: dict[str, Callable[[], object]] = {
            "floor: SHA-256, one thread": lambda: floor(files),
            "verify, folder": lambda: sound(root),
            "pack": lambda: write_pack(export, files, lines, {}),
            "verify, zip": lambda: sound(export),
        }
        print(
            f"{len(files)} files, {sum(path.stat().st_size for path in files.values()) / 1e9:.2f} GB, {os.cpu_count()} cores\n"
        )
        print("| row | wall min, s | median, s | GB/s |\n|---|---|---|---|")
        for name, work in rows.items():
            least, usual = best(work, asked.repetitions)
            print(f"| {name} | {least:.2f} | {usual:.2f} | {asked.gigabytes / least:.2f} |")


if __name__ == "__main__":
    main()
