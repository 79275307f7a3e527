"""The dossier folder: dossier.json, its stages and their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spadework import __version__
from spadework.errors import StorageError
from spadework.store.catalogue import Catalogue
from spadework.store.files import file_sha256, write_atomic
from spadework.store.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "spadework-dossier-1"


class Dossier:
    """One dossier on disk. ``dossier.json`` is written last, so it never names what is not there."""

    def __init__(self, root: Path) -> None:
        """Open or begin a dossier.

        Raises:
            StorageError: dossier.json is no dossier of ours, or the ledger was altered.

        """
        self.root = root
        self.ledger = Ledger(root / "ledger.jsonl")
        self.catalogue = Catalogue(root / "catalog", "Evidence chips of this dossier")
        self._index: dict[str, Any] = self._load()

    def _load(self) -> dict[str, Any]:
        path = self.root / "dossier.json"
        if not path.exists():
            return {"stages": {}}
        try:
            index = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError) as error:
            raise StorageError(
                str(path), "is damaged", "delete that one file and run again: everything else is kept"
            ) from error
        if index.get("schema") != SCHEMA:
            raise StorageError(
                str(path), f"has schema {index.get('schema')!r}, this version writes {SCHEMA!r}", "choose another --out"
            )
        index.setdefault("stages", {})
        return index

    @property
    def index(self) -> Mapping[str, Any]:
        """What dossier.json says."""
        return self._index

    def stage(self, name: str) -> Mapping[str, Any]:
        """Key and files of a stage as last recorded; empty where it never ran."""
        return dict(self._index["stages"].get(name, {}))

    def is_current(self, name: str, key: str) -> bool:
        """Whether a stage was recorded with this key and its files are all there, byte for byte."""
        stage = self.stage(name)
        if stage.get("key") != key:
            return False
        return all(file_sha256(self.root / path) == digest for path, digest in stage["files"].items())

    def record(self, name: str, key: str, files: Mapping[str, bytes]) -> None:
        """Write the files of a stage, remove those of its last run that it no longer makes, and note the key.

        Raises:
            StorageError: no space or no permission.

        """
        before = set(self.stage(name).get("files", {}))
        hashes = {path: write_atomic(self.root / path, data) for path, data in sorted(files.items())}
        for path in before - set(hashes):
            (self.root / path).unlink(missing_ok=True)
        self._index["stages"][name] = {"state": "done", "key": key, "files": hashes}
        self.ledger.append("stage", {"stage": name, "key": key, "outputs": hashes})

    def record_key(self, name: str, key: str) -> None:
        """Note the key of a stage whose files are kept elsewhere (the catalogue of evidence)."""
        self._index["stages"][name] = {"state": "done", "key": key, "files": {}}

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write dossier.json.

        Raises:
            StorageError: no space or no permission.

        """
        index = {"schema": SCHEMA, "spadework": __version__, **facts, "stages": self._index["stages"]}
        text = json.dumps(index, indent=1, sort_keys=False, ensure_ascii=False, default=str) + "\n"
        path = self.root / "dossier.json"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomic(path, text.encode())
        self._index = dict(json.loads(text))


def write_texts(root: Path, files: Mapping[str, str]) -> None:
    """Write some small text files below a folder.

    Raises:
        StorageError: no space or no permission.

    """
    for name, text in files.items():
        write_atomic(Path(root) / name, text.encode())
