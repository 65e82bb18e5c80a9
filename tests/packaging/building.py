"""Build the source distribution and the wheel, as ``python -m build`` does it for a release."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNWANTED = {".git", ".venv", "dist", "__pycache__"}


@dataclass(frozen=True)
class Built:
    """What a build left in its folder, and what it said."""

    folder: Path
    output: str

    def file(self, pattern: str) -> Path:
        (found,) = self.folder.glob(pattern)
        return found

    def wheel(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.file("boardless-*.whl"))

    def told(self, name: str) -> dict[str, list[str]]:
        """The fields of a file in the wheel's dist-info, in lower case."""
        with self.wheel() as wheel:
            (path,) = (entry for entry in wheel.namelist() if entry.endswith(f".dist-info/{name}"))
            message = email.message_from_bytes(wheel.read(path))
        fields: dict[str, list[str]] = {"": [str(message.get_payload())]}
        for field, value in message.items():
            fields.setdefault(field.lower(), []).append(value)
        return fields


def copy_of_the_checkout(folder: Path) -> Path:
    """The sources without anything that a build or a test left beside them."""

    def unwanted(where: str, names: list[str]) -> set[str]:
        made = {"build"} if Path(where) == ROOT else set()  # "build" is a package in benches
        endings = (".so", ".o", ".egg-info", "cache", ".hypothesis")
        return {name for name in names if name in UNWANTED | made or name.endswith(endings)}

    return Path(shutil.copytree(ROOT, folder / "source", ignore=unwanted))


def build(source: Path, folder: Path, *options: str, **environment: str) -> Built:
    """Run ``python -m build`` offline, as a user's shell would."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | environment
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), *options, str(source)],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(folder, done.stdout + done.stderr)
