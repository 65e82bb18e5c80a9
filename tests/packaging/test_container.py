"""The Containerfile: what it names exists, and its steps, run here in folders of their own, do their work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from building import copy_of_the_checkout

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def instructions() -> list[tuple[str, str]]:
    """Word and rest of each, in order."""
    lines = (ROOT / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    return [
        (word, rest) for word, _, rest in (line.partition(" ") for line in lines if line[:1] not in ("", "#"))
    ]


def of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_it_names_what_exists() -> None:
    assert {name for name, _ in instructions()} == {"FROM", "RUN", "COPY", "WORKDIR", "ENTRYPOINT", "CMD"}
    for base in of("FROM"):
        version = re.match(r"python:(3\.\d+)-slim", base)
        assert version and f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]
    assert json.loads(of("ENTRYPOINT")[0])[0] in PROJECT["scripts"]
    extras = re.findall(r"\.whl\)\[(.*)\]", " ".join(of("RUN")))[0].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv"} <= set(ignored)


@pytest.mark.slow
def test_its_steps_make_a_command_that_checks(tmp_path: Path) -> None:
    """Its paths lie in a folder here, its Python is this one, and its Debian packages are there already."""
    source = copy_of_the_checkout(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    environment = {**os.environ, "PATH": f"{tmp_path}/python/bin:{os.environ['PATH']}",
                   "GIT_CONFIG_SYSTEM": str(tmp_path / "gitconfig")}  # fmt: skip
    for step in of("RUN"):
        here = re.sub(
            r"(?<![\w.])/(wheels|project)\b", rf"{tmp_path}/\1", step.replace("/source", str(source))
        )
        if "apt-get" not in here:
            done = subprocess.run(
                ["sh", "-ec", here], env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{here}\n{done.stdout}{done.stderr}"
    (tmp_path / "project").mkdir()
    image = ROOT / "benches" / "images" / "kws-nucleo-l4r5zi.elf"
    (tmp_path / "project" / "boardless.toml").write_text(
        f'[measure.boot]\nimage = "{image}"\nboard = "nucleo-l4r5zi"\nuntil = "m-ready"\n'
    )
    (tmp_path / "project" / "test_it.py").write_text(
        f"def test_it(dut):\n    dut.load({str(image)!r}, boot='m-ready')\n"
        "    assert dut.call('crc32', b'1', 1).value\n"
    )
    for command in (
        ["boardless", "check", "--update"],
        ["pytest", "-W", "error", "--dut-board", "nucleo-l4r5zi"],
        ["robot", "--version"],
    ):
        done = subprocess.run(
            command, cwd=tmp_path / "project", env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == (251 if command[0] == "robot" else 0), done.stdout + done.stderr
