"""Runs a document's console blocks as a terminal session of 80 columns: one after the other, in one folder.

``python tests/packaging/session.py docs/PAGE.md`` writes what comes out into the page.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```toml\n# ([\w-]+\.toml)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
PROGRAMS = {"boardless": [sys.executable, "-m", "boardless"]}
TOLERANCE = 0.02
"""A change of a timing model moves the page's counts a little; that alone does not make it wrong."""


@dataclass(frozen=True)
class Command:
    """A command line of the page, and what the page shows below it."""

    line: str
    output: str

    def shows(self, output: str) -> bool:
        """Whether the page says that: the words are the same, and large numbers are near."""
        pairs = zip(_numbers(self.output), _numbers(output), strict=False)
        near = all(abs(a - b) <= TOLERANCE * max(abs(a), 1000) for a, b in pairs)
        return near and _words(self.output) == _words(output)


def write_files(document: str, folder: Path) -> None:
    """The page's TOML blocks whose first line is a comment with a file's name."""
    for block in FILE.finditer(document):
        (folder / block[1]).write_text(block[2])


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def _words(text: str) -> list[str]:
    """Words in any order of columns: another figure may fold a name elsewhere."""
    plain = NUMBER.sub("#", re.sub("[─┼┬│ ]+", " ", text))
    return sorted(re.sub(r"\s", "", plain))


def commands(document: str) -> list[Command]:
    """All command lines of a page, in order."""
    return [command for block in BLOCK.findall(document) for command in _of_block(block)]


def _of_block(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output)


def run(line: str, folder: Path) -> str:
    """What a command prints on a terminal without colours."""
    program, *words = line.split()
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        [*PROGRAMS[program], *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b"".join(_pieces(ours))
    os.close(ours)
    code = process.wait()
    text = shown.decode().replace("\r\n", "\n")
    assert code == 0, f"{line}\n{text}"
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).rstrip() + "\n"


def _pieces(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(descriptor, 1 << 16)
        except OSError:  # the other end is closed
            return
        if not piece:
            return
        yield piece


def written_anew(document: str) -> str:
    """The document with what comes out now."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(document, Path(folder))

        def block(found: re.Match[str]) -> str:
            shown = [f"$ {c.line}\n{run(c.line, Path(folder))}" for c in _of_block(found[1])]
            return f"```console\n{''.join(shown)}```"

        return BLOCK.sub(block, document)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(written_anew(page.read_text()))
