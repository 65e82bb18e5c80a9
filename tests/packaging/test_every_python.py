"""The one wheel, installed by pip from wheels alone, works on every Python from the oldest to the newest.

The Python of the tests is always tried; a version that this machine does not have is skipped, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from building import Built
from test_requirements import GOLDEN, PYTHONS


def interpreter(version: str) -> Path:
    """That Python: the tests' own, the command of its name, or one of pyenv's, whose commands may be off."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    command = shutil.which(f"python{version}")
    of_pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    for found in [*([Path(command)] if command else []), *sorted(of_pyenv)]:
        tried = subprocess.run([found, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if tried.returncode == 0:
            return found
    pytest.skip(f"this machine has no Python {version} with venv")


def said(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_installs_and_runs(version: str, built: Built, tmp_path: Path) -> None:
    said(interpreter(version), "-m", "venv", "env", folder=tmp_path)
    commands = tmp_path / "env" / "bin"
    said(commands / "pip", "install", "--only-binary=:all:", built.file("*.whl"), folder=tmp_path)
    findings = said(commands / "boardless", "doctor", folder=tmp_path)
    assert "FAIL" not in findings
    assert "ok   native hook: built" in findings
    assert f"ok   {GOLDEN[version]} (golden interpreter)" in findings
    assert f"documents: what is modelled, and how far figures are from silicon: {tmp_path}" in findings
    report = json.loads(said(commands / "boardless", "bench", "kws", "--json", "-", folder=tmp_path))
    assert report["hook"] == "native"
    golden = report["runs"][0]["golden"]
    assert golden["runtime"].startswith(GOLDEN[version])
    assert (golden["match"], golden["max_abs_diff"], golden["tolerance"]) == (True, 0.0, 0.0)
