"""A machine without root and without compilers: what the messages say, done as they say it, works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from building import copy_of_the_checkout

COMPILERS = (
    "cc",
    "gcc",
    "clang",
    "c++",
    "g++",
    "tcc",
    "x86_64-linux-gnu-gcc",
    "arm-none-eabi-gcc",
    "apt-get",
)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every command but compilers and apt-get: the whole PATH."""
    folder = tmp_path_factory.mktemp("commands")
    for place in os.environ["PATH"].split(os.pathsep):
        for command in Path(place).glob("*") if Path(place).is_dir() else ():
            kept = command.name not in COMPILERS and not command.name.startswith(("gcc-", "clang-"))
            if kept and not (folder / command.name).exists():
                (folder / command.name).symlink_to(command)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_checkout(tmp_path_factory.mktemp("checkout"))


def sh(line: str, folder: Path, commands: Path, code: int = 0) -> str:
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env={"PATH": str(commands), "HOME": str(folder), "LANG": "C.UTF-8"}
        | {name: value for name, value in os.environ.items() if name.startswith("PIP_")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_what_setup_and_doctor_say_builds_the_native_hook(checkout: Path, commands: Path) -> None:
    script = (checkout / ".ci" / "setup").read_text()
    (checkout / ".ci" / "setup").write_text(script.replace('"$(id -u)" = 0', "1 = 0"))  # nobody is root
    said = sh(".ci/setup run", checkout, commands)
    assert "the slow Python hook will be used" in said
    (doctor,) = re.findall("Without root: '(.*)' prints the command", said)
    findings = sh(doctor, checkout, commands)
    assert "--   native hook: not built" in findings
    (command,) = re.findall(" -- or, without root: (.*)", findings)
    sh(command, checkout, commands)
    assert "ok   native hook: built" in sh(doctor, checkout, commands)
    report = sh(".venv/bin/boardless bench ad --count 1", checkout, commands)
    assert "match" in report
    assert "no native hook" not in report


@pytest.mark.slow
def test_what_build_says_builds_firmware(tmp_path: Path, commands: Path) -> None:
    build = f"{sys.executable} -m emulator.cli.main build kws --out kws.elf"
    here = copy_of_the_checkout(tmp_path)
    said = sh(build, here, commands, 2)
    assert "an administrator installs it: apt-get install -y gcc-arm-none-eabi" in said
    (install, option) = re.findall("without root: (.*), then (--.*)", said)[0]
    sh(f"{sys.executable} -m venv mine", tmp_path, commands)  # the tests' own Python stays as it is
    sh(f"mine/bin/python -m pip install -q {here}", tmp_path, commands)
    mine = f"{tmp_path}/mine/bin/python"
    sh(install.replace(sys.executable, mine), tmp_path, commands)
    made = sh(f"{tmp_path}/mine/bin/boardless build kws --out kws.elf {option}", tmp_path, commands)
    assert ": flash " in made
    assert (tmp_path / "kws.elf").read_bytes()[:4] == b"\x7fELF"
