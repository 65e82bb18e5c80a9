"""docs/audio.md: its command and its Python, with a small firmware that listens."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benches.streaming_firmware import build, write_wave

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "audio.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    build(folder, "sww")
    write_wave(folder / "sound.wav", 20, {5, 6, 12})
    (folder / "test.json").write_text(
        json.dumps([{"wav_file": "sound.wav", "detection_windows": [[0.1, 0.2]]}])
    )
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command(folder: Path) -> None:
    (command,) = blocks("console")
    done = run(folder, "-m", "emulator.cli.main", *shlex.split(command.removeprefix("$ boardless ")))
    assert done.returncode == 0, done.stderr
    for word in re.findall(r"^\| ([a-z]+)", PAGE, flags=re.MULTILINE):
        assert word in (*done.stdout.split(), "line", "missed", "power"), word


def test_the_python(folder: Path) -> None:
    (source,), (shown,) = blocks("python"), blocks("text")
    done = run(folder, "-W", "ignore::ResourceWarning", "-c", source)
    assert (done.returncode, done.stdout) == (0, shown), done.stderr
