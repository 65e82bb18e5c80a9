"""The benchmark's own Python runner, unmodified, on our devices: its own summary is what counts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES, INPUTS = ROOT / "benches" / "images", ROOT / "benches" / "inputs"
DEVICES = """
- {name: stm32h573i-dk, type: interface, preference: 2, baud: 115200, usb: {0x0483: 0x374E}}
- {name: lpm01a, type: power, baud: 3686400, echo: False, preference: 2, voltage: 1.8, usb: {0x0483: 0x5740}}
- name: l4r5zi
  type: dut
  baud: {energy: 9600, performance: 115200, accuracy: 115200}
  usb: {0x0483: 0x374B}
"""
SCRIPT = """
kws01:
  name: keyword_spotting
  model: kws01
  truth_file: y_labels.csv
  script:
    - loop LOOPS:
      - download
      - infer COUNT 1
"""
WORDS = 24

Run = Callable[..., str]


@pytest.fixture
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """``runner(mode, loops, count, *options)``: run it under ``boardless host``; what it printed."""
    folder = request.config.getoption("--official-runner")
    if folder is None:
        pytest.skip("needs mlcommons/tiny's benchmark/runner: give --official-runner DIR")
    main = Path(folder).absolute() / "main.py"
    assert main.is_file()
    (tmp_path / "devices.yaml").write_text(DEVICES)
    words = tmp_path / "datasets" / "kws01"
    words.mkdir(parents=True)
    labels = (INPUTS / "kws01" / "y_labels.csv").read_text().splitlines()[:WORDS]
    for line in labels:
        shutil.copy(INPUTS / "kws01" / line.split(",")[0], words)
    (words / "y_labels.csv").write_text("\n".join(labels) + "\n")

    def run(mode: str, loops: str, count: int, *options: str | Path) -> str:
        (tmp_path / "tests.yaml").write_text(SCRIPT.replace("LOOPS", loops).replace("COUNT", str(count)))
        command = [sys.executable, "-m", "emulator.cli.main", "host", *map(str, options), "--"]
        command += [request.config.getoption("--runner-python"), str(main)]
        command += ["-d", "devices.yaml", "-t", "tests.yaml", "-s", "datasets", "-m", mode]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert "Simulated and unofficial" in done.stderr
        return done.stdout

    return run


def test_performance(runner: Run) -> None:
    said = runner("p", "5", 40, "--image", IMAGES / "kws-nucleo-l4r5zi.elf")
    assert "ERROR" not in said
    throughput = float(re.search(r"Median throughput is +([\d.]+) inf", said)[1])
    assert 15 < throughput < 25


def test_accuracy(runner: Run) -> None:
    said = runner("a", "", 1, "--image", IMAGES / "kws-nucleo-l4r5zi.elf", "--pace", "none")
    assert float(re.search(r"Top 1% = ([\d.]+)", said)[1]) > 80
    assert float(re.search(r"AUC = ([\d.]+)", said)[1]) > 0.9


def test_energy(runner: Run, development_image: Callable[[str, str], Path]) -> None:
    image = development_image(
        "v1.3",
        "closed/STMicroelectronics/code/NUCLEO_U575ZI_Q/keyword_spotting/Binaries/KWS_u575zi_Energy_9600.hex",
    )
    said = runner("e", "5", 50, "--image", image, "--board", "nucleo-u575zi-q", "--energy")
    energy = float(re.search(r"Median energy cost is ([\d.]+) uJ/inf", said)[1])
    assert energy == pytest.approx(664.4, rel=0.15)
