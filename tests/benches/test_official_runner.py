"""The benchmark's own Python runner, unmodified, on our devices: its own summary is what counts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from benches.build.firmware import build_firmware, shipped_model
from benches.build.support import load_support
from benches.silicon.streaming_catalog import StreamingRow, streaming_catalog
from benches.synthetic import TEST_SEED
from benches.synthetic.wake_words import make_recording

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
SWW_SCRIPT = """
sww01:
  name: streaming_wakeword
  model: sww01
  truth_file: sww_short_test.json
  script:
    - stream
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
        script = SCRIPT.replace("LOOPS", loops).replace("COUNT", str(count))
        (tmp_path / "tests.yaml").write_text(script + SWW_SCRIPT)
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


@pytest.mark.parametrize("row", streaming_catalog(), ids=lambda row: f"{row.system}-{row.mode}")
def test_streaming_wake_word(
    runner: Run,
    row: StreamingRow,
    tmp_path: Path,
    reference_data: Path,
    development_image: Callable[[str, str], Path],
) -> None:
    """What the runner's README says of this file: 2 TP, 1 FN, 0 FP; and its own figures of the pins."""
    image = development_image(row.version, row.path)
    shutil.copytree(reference_data / "datasets" / "sww01", tmp_path / "datasets" / "sww01")
    energy = row.mode == "energy"
    said = runner(
        "e" if energy else "p", "1", 1, "--image", image, "--board", row.board,
        "--sd-card", tmp_path / "datasets" / "sww01", *(["--energy"] if energy else ["--pace", "none"]),
    )  # fmt: skip
    assert "Accuracy: 2 True positives, 1 False negatives, 0 False positives" in said
    (detections,) = re.findall(r"^\[(\d[\d, ]+)\]$", said, flags=re.MULTILINE)
    moments = [int(word) for word in detections.split(",")]
    frames = [round((moment - moments[0]) / 32) for moment in moments[1:]]
    assert frames == [*range(43, 67), 156]
    assert "WARNING: Frame period variation" not in said
    duty, period = (
        float(re.search(rf"Average {name}: ([\d.]+)", said)[1]) for name in ("duty cycle", "period")
    )
    assert period == pytest.approx(0.032, rel=1e-3)
    assert duty * period * 1e3 == pytest.approx(row.processing_ms, rel=0.05)
    if energy:
        seconds = float(re.search(r"Elapsed time +: ([\d.]+)", said)[1])
        assert 10 < seconds < 11.5
        assert "timestamps:2" in said


def test_streaming_wake_word_on_our_own_firmware(runner: Run, tmp_path: Path, cross_tools: None) -> None:
    """Our model hears its word in our sound; the runner reads the scores that the firmware prints."""
    folder = tmp_path / "datasets" / "sww01"
    folder.mkdir(parents=True)
    recording = make_recording(10, TEST_SEED)
    with wave.open(str(folder / "made.wav"), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes(recording.samples.astype("<i2").repeat(2).tobytes())
    entry = {"wav_file": "made.wav", "length_sec": 10.0, "detection_windows": recording.windows}
    (folder / "sww_short_test.json").write_text(json.dumps([entry]))
    image = tmp_path / "sww.elf"
    build_firmware("sww", shipped_model("sww"), load_support("nucleo-l4r5zi"), image)
    said = runner("p", "1", 1, "--image", image, "--sd-card", folder, "--pace", "none")
    assert "Device name retrieved: boardless" in said
    assert "No activation data found" not in said
    assert "Accuracy: 3 True positives, 0 False negatives, 0 False positives" in said
