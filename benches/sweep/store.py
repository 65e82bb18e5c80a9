"""Results that are kept, each in a file named by all that it depends on: a sweep that is run again goes on.

A file is whole or not there at all, and says its own digest: one that was damaged is measured anew, and a
disk without room costs the keeping, not the sweep.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from benches.sweep.jobs import Result
from emulator.errors import UsageError
from emulator.files import OutputFile, make_folder, read_text

SUFFIX = ".json"
FAN_OUT = 2
"""Digits of a key that name a folder."""


class Store:
    """A folder of results. ``folder`` None: nothing is kept. ``notes``: what went wrong, in words."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._is_full = False
        self.notes: list[str] = []

    def find(self, key: str) -> Result | None:
        """The result that is kept under a key; None when there is none, or a damaged one."""
        if self._folder is None:
            return None
        path = self._path(self._folder, key)
        if not path.exists():
            return None
        try:
            entry = json.loads(read_text(path))
            result: Result = entry["result"]
            if entry["key"] == key and entry["sha256"] == _digest(key, result):
                return result
            problem = "its content is not what was written"
        except UsageError as error:
            problem = error.what
        except (ValueError, KeyError, TypeError):
            problem = "it is no result"
        self.notes.append(f"{path}: {problem}; measured anew")
        return None

    def keep(self, key: str, result: Result) -> None:
        """Write a result; one that can't be written is noted once."""
        if self._folder is None or self._is_full:
            return
        path = self._path(self._folder, key)
        text = json.dumps({"key": key, "sha256": _digest(key, result), "result": result})
        try:
            make_folder(path.parent)
            OutputFile(path, "a result").write_text(text)
        except UsageError as error:
            self._is_full = True
            self.notes.append(
                f"{error.where}: {error.what}; from here on results are not kept for another run"
            )

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:FAN_OUT] / f"{key}{SUFFIX}"


def _digest(key: str, result: Result) -> str:
    text = json.dumps([key, result], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
