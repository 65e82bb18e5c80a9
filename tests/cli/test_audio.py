"""``boardless run --audio``: a sound begins when the firmware begins to listen."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from emulator.cli.audio_desk import play_when_heard
from emulator.cli.main import main
from emulator.machine.machine import Machine
from tests.benches.streaming_firmware import build, write_wave


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("listens"))


def test_it_begins_with_the_listening(firmware: Path, tmp_path: Path) -> None:
    machine = Machine("nucleo-l4r5zi")
    machine.load(firmware)
    play_when_heard(machine, write_wave(tmp_path / "sound.wav", 4, {1}))
    wires = machine.audio_inputs["sai1_a"]
    machine.run(until="m-ready")
    assert (wires.listening, wires.playing) == (False, None)
    pulses: list[float] = []
    machine.signals.watch("PB8", lambda level: None if level else pulses.append(machine.clock.seconds()))
    machine.console.feed("start%")
    machine.run(until="m-ready")
    assert wires.listening and wires.playing is not None
    begins = wires.playing.ends_at(-1)
    machine.run(max_cycles=800_000, quiet_seconds=9)  # 200 ms
    assert len(pulses) == 2  # the first frame, and the loud one
    assert 0.064 < pulses[1] - begins / 1e12 < 0.096
    machine.console.feed("stop%start%")
    machine.run(max_cycles=800_000, quiet_seconds=9)
    assert wires.playing.ends_at(-1) == begins  # once


def test_who_hears_is_not_idle(firmware: Path, tmp_path: Path) -> None:
    """Audio counts as a character does: the quiet time begins when the sound has ended."""
    machine = Machine("nucleo-l4r5zi")
    machine.load(firmware)
    play_when_heard(machine, write_wave(tmp_path / "sound.wav", 50))
    machine.run(until="m-ready")
    machine.console.feed("start%")
    assert machine.run(quiet_seconds=0.1).value == "idle"
    assert machine.audio_inputs["sai1_a"].taken == 50 * 512
    assert 1.6 <= machine.clock.seconds() < 1.8


def test_what_can_not_be_played(firmware: Path, tmp_path: Path) -> None:
    wav = write_wave(tmp_path / "sound.wav", 1)
    result = CliRunner().invoke(main, ["run", str(firmware), "--audio", str(firmware)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no WAV file" in result.stderr
    line = ["run", "benches/images/kws-virtual-m0plus.elf", "--board", "virtual-m0plus", "--audio", str(wav)]
    result = CliRunner().invoke(main, line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "virtual-m0plus has no audio receiver that is modelled" in result.stderr
