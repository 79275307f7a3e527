"""The dossier folder: dossier.json, its stages and their files."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spadework import __version__
from spadework.errors import StorageError
from spadework.store.catalogue import Catalogue, intact
from spadework.store.files import file_sha256, sha256, write_atomic
from spadework.store.ledger import Ledger, gone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spadework.cube import Chip
    from spadework.records import Scene

SCHEMA: Final = "spadework-dossier-1"
SALT: Final = "salt"
"""The file of the dossier's secret: 32 random bytes in hexadecimal, for its owner's eyes. It never leaves in an export."""
_INDEX: Final = "dossier.json"
_SALT_BYTES: Final = 32


class Dossier:
    """One dossier on disk, open for writing.

    The ledger hears of a file before it is written: after a crash it may name one that is not there yet, and the next run
    makes it; never the other way round. ``dossier.json`` is written last, so it never names what is not there.
    """

    def __init__(self, root: Path) -> None:
        """Open or begin a dossier; one without a salt gets one.

        Raises:
            StorageError: dossier.json is no dossier of ours, the ledger was altered or is gone, or it cannot be written.

        """
        self.root = root
        self.ledger = Ledger(root / "ledger.jsonl")
        self.catalogue = Catalogue(root / "catalog", "Evidence chips of this dossier")
        self._index: dict[str, Any] = self._load()
        self._salt = self._open_salt()

    def _load(self) -> dict[str, Any]:
        path = self.root / _INDEX
        known = self.ledger.files.get(_INDEX)
        if not path.exists() or (known and file_sha256(path) != known.sha256):
            return {"stages": {}}  # altered or half-told: made again, from the evidence
        try:
            index = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError, RecursionError) as error:
            raise StorageError(
                str(path), "is damaged", "delete that one file and run again: everything else is kept"
            ) from error
        if index.get("schema") != SCHEMA:
            raise StorageError(
                str(path), f"has schema {index.get('schema')!r}, this version writes {SCHEMA!r}", "work in another folder"
            )
        index.setdefault("stages", {})
        if index["stages"] and not self.ledger.files:
            raise gone(self.ledger.path)
        return index

    def _open_salt(self) -> bytes:
        """The salt, made where there never was one; alone of all files it is written before the ledger hears of it.

        Raises:
            StorageError: it is missing, or is another than the ledger knows: it cannot be made again.

        """
        salt, known = read_salt(self.root), self.ledger.files.get(SALT)
        if salt is None and known is None:
            salt = secrets.token_bytes(_SALT_BYTES)
            write_atomic(self.root / SALT, _salt_file(salt), 0o600)
        if salt is None or (known and known.sha256 != sha256(_salt_file(salt))):
            wrong = "is missing" if salt is None else "is not the salt that the ledger knows"
            raise StorageError(str(self.root / SALT), wrong, "restore it from a copy: it opens the lines of redacted exports")
        self._note("salt", {SALT: sha256(_salt_file(salt))})
        return salt

    def _note(self, kind: str, hashes: Mapping[str, str | None], **facts: object) -> None:
        """One line on files, unless the ledger knows them so already."""
        known = self.ledger.files
        new = {path: digest for path, digest in hashes.items() if path not in known or known[path].sha256 != digest}
        if new:
            self.ledger.append(kind, {**facts, "outputs": new})

    @property
    def salt(self) -> bytes:
        """The dossier's secret, 32 bytes: what redaction is salted with."""
        return self._salt

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

    def record(self, name: str, key: str, files: Mapping[str, bytes], inputs: Mapping[str, str]) -> None:
        """Write the files of a stage, remove those of its last run that it no longer makes, and note the key.

        Args:
            name: of the stage.
            key: hash of what went in.
            files: by path below the dossier.
            inputs: SHA-256 of its parents, by path or Scene id.

        Raises:
            StorageError: no space or no permission.

        """
        hashes = {path: sha256(data) for path, data in sorted(files.items())}
        before = {path for path, known in self.ledger.files.items() if known.step == f"stage {name}" and known.sha256}
        gone = sorted(before - set(hashes))
        outputs = {**hashes, **dict.fromkeys(gone)}
        self.ledger.append("stage", {"stage": name, "key": key, "inputs": dict(inputs), "outputs": outputs})
        for path in gone:
            (self.root / path).unlink(missing_ok=True)
        for path, data in sorted(files.items()):
            write_atomic(self.root / path, data)
        self._index["stages"][name] = {"state": "done", "key": key, "files": hashes}

    def record_key(self, name: str, key: str) -> None:
        """Note the key of a stage whose files are kept elsewhere (the catalogue of evidence)."""
        self._index["stages"][name] = {"state": "done", "key": key, "files": {}}

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write dossier.json.

        Raises:
            StorageError: no space or no permission.

        """
        index = {"schema": SCHEMA, "spadework": __version__, **facts, "stages": self._index["stages"]}
        data = (json.dumps(index, indent=1, sort_keys=False, ensure_ascii=False, default=str) + "\n").encode()
        self._note("dossier", {_INDEX: sha256(data)})
        if file_sha256(self.root / _INDEX) != sha256(data):
            write_atomic(self.root / _INDEX, data)
        self._index = dict(json.loads(data))

    def save(self) -> None:
        """Write dossier.json again with the facts that it holds and the stages as they are now.

        Raises:
            StorageError: no space or no permission.

        """
        self.close({name: value for name, value in self._index.items() if name not in ("schema", "spadework", "stages")})

    # ------------------------------------------------------------ evidence
    def intact(self, scene: Scene) -> bool:
        """Whether the evidence of a kept Scene is there byte for byte, and its item as the ledger knows it."""
        item = self.catalogue.item_path(scene)
        known = self.ledger.files.get(str(item.relative_to(self.root)))
        return (known is None or file_sha256(item) == known.sha256) and intact(scene)

    def keep(self, scene: Scene, chips: tuple[Chip, ...]) -> Scene:
        """Write the chips of a Scene and its item; returns the Scene as it is now kept.

        Raises:
            StorageError: no space or no permission.

        """

        def note(done: Scene, hashes: Mapping[str, str]) -> None:
            facts = {"scene": scene.id, "sha256": done.sha256, "derived_from": scene.origin, "updated": scene.updated}
            self.ledger.append("chip", {**facts, "outputs": self._below(hashes)})

        return self.catalogue.keep(scene, chips, note)

    def finish_catalogue(self, scenes: Iterable[Scene]) -> None:
        """Write catalog.json and the collections over kept Scenes; what the ledger did not know of them, it hears in one line.

        Raises:
            StorageError: no space or no permission.

        """
        kept = tuple(scenes)
        told = [self._below(self.catalogue.files_of(scene)) for scene in kept if not self._knows(scene)]
        found = {path: digest for files in told for path, digest in files.items()}
        self.catalogue.finish(kept, lambda hashes: self._note("catalogue", {**found, **self._below(hashes)}))

    def _knows(self, scene: Scene) -> bool:
        return str(self.catalogue.item_path(scene).relative_to(self.root)) in self.ledger.files

    def _below(self, hashes: Mapping[str, str]) -> dict[str, str]:
        folder = self.catalogue.root.relative_to(self.root)
        return {str(folder / path): digest for path, digest in hashes.items()}


def _salt_file(salt: bytes) -> bytes:
    return f"{salt.hex()}\n".encode()


def read_salt(root: Path) -> bytes | None:
    """The secret of a dossier; None where it has none.

    Raises:
        StorageError: the file holds something else.

    """
    path = root / SALT
    try:
        salt = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        salt = b""
    if len(salt) != _SALT_BYTES:
        raise StorageError(str(path), "is damaged", "restore it from a copy: it opens the lines of redacted exports")
    return salt


def write_texts(root: Path, files: Mapping[str, str]) -> None:
    """Write some small text files below a folder.

    Raises:
        StorageError: no space or no permission.

    """
    for name, text in files.items():
        write_atomic(Path(root) / name, text.encode())
