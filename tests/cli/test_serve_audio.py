"""``boardless serve --sd-card``: the interface board beside the device, as host software uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import serial
from test_serve import Serving, ask

from emulator.cli.sd_card import SdCard
from emulator.errors import UsageError
from tests.benches.streaming_firmware import build, write_wave

LOUD = (5, 6, 12)
FRAMES = 20
READY = b"m-ready\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    build(folder, "plain")
    build(folder, "other", PROCESSING="3u")
    (folder / "card").mkdir()
    write_wave(folder / "card" / "Sound.wav", FRAMES, LOUD)
    (folder / "card" / "broken.wav").write_bytes(b"RIFF")
    return folder


class Hosts:
    """Both ports of a served desk."""

    def __init__(self, serving: Serving, link: Path) -> None:
        assert serving.process.stdout
        serving.process.stdout.readline()  # the second port is open, too
        self.device = serial.Serial(str(link), 115200, timeout=20)
        self.board = serial.Serial(f"{link}-interface", 115200, timeout=20)

    def numbers(self, command: bytes) -> list[list[int]]:
        """The values behind each head line of an answer."""
        text = ask(self.board, command).decode().removesuffix("m-ready\r\n")
        parts = re.split(r"^[DC][^\r]*\r\n", text, flags=re.MULTILINE)[1:]
        return [[int(word) for word in re.findall(r"\d+", part)] for part in parts]


def test_the_runners_conversation(folder: Path, tmp_path: Path) -> None:
    """``stop``, ``start``, ``record_detections``, ``play``, ``stop``, and what was written down."""
    link, ports = tmp_path / "port", tmp_path / "ports.json"
    with Serving(
        folder / "plain.elf", "--sd-card", folder / "card", "--link", link, "--ports", ports,
        "--audio-error", "-10000",
    ) as serving:  # fmt: skip
        hosts = Hosts(serving, link)
        assert ask(hosts.board, b"name%") == b"tinyML Enhanced Interface Board\r\n" + READY
        listed = json.loads(ports.read_text())["ports"]
        assert [(port["name"], port["vid"], port["pid"]) for port in listed] == [
            ("device", 0x483, 0x374B),
            ("interface", 0x483, 0x374E),
        ]
        assert ask(hosts.board, b"setbaud 115200%") == b"set baud to: 115200\n" + READY
        assert ask(hosts.board, b"ls%") == b"Sound.wav\r\nbroken.wav\r\n" + READY
        assert b"m-model-[sww01]" in ask(hosts.device, b"profile%")
        ask(hosts.device, b"stop%")
        assert b"DMA receive initiated." in ask(hosts.device, b"start%")
        assert ask(hosts.board, b"record_detections%") == b"Now recording detections\r\n" + READY
        assert ask(hosts.board, b"play sound.wav%") == b"Attempting to play sound.wav\nsucceeded.\n" + READY
        assert b"Streaming stopped." in ask(hosts.device, b"stop%")
        (heard,) = hosts.numbers(b"print_detections%")
        starts, stops = hosts.numbers(b"print_dutycycle%")
        assert b"Error playing file." in ask(hosts.board, b"play broken.wav%")
        code, errors = serving.stop()
    assert code == 0
    assert "does not play: broken.wav: has 4 bytes" in errors
    assert (len(starts), len(stops)) == (FRAMES, FRAMES)
    period = 3200 / 0.99  # ticks of 10 us: the master's clock is 1 % too slow
    assert [later - starts[0] for later in starts] == pytest.approx(
        [n * period for n in range(FRAMES)], abs=2
    )
    assert all(0 < stop - start < period for start, stop in zip(starts, stops, strict=True))
    assert [moment - heard[0] for moment in heard[1:]] == pytest.approx(
        [frame * period / 100 for frame in LOUD], abs=1
    )


def test_pins_by_option_and_a_device_that_does_not_listen(folder: Path, tmp_path: Path) -> None:
    """Time goes on while a sound is played, though the device sleeps; its edges come from the named pin."""
    link = tmp_path / "port"
    with Serving(
        folder / "other.elf", "--sd-card", folder / "card", "--link", link, "--processing-pin", "PE3"
    ) as serving:
        hosts = Hosts(serving, link)
        assert ask(hosts.board, b"play Sound.wav%").endswith(b"succeeded.\n" + READY)
        assert hosts.numbers(b"print_dutycycle%") == [[], []]
        ask(hosts.device, b"start%")
        ask(hosts.board, b"record_detections%")
        ask(hosts.board, b"play Sound.wav%")
        starts, _stops = hosts.numbers(b"print_dutycycle%")
        assert len(starts) == FRAMES
        assert serving.stop()[0] == 0


def test_options_of_a_board_that_is_not_there(boardless, folder: Path) -> None:
    done = boardless("serve", folder / "plain.elf", "--audio-error", "5")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--audio-error: is of the interface board" in done.stderr
    done = boardless("serve", folder / "plain.elf", "--sd-card", folder / "card", "--gdb", "0")
    assert "--gdb and --sd-card exclude each other" in done.stderr


def test_a_folder_as_a_card(folder: Path, tmp_path: Path) -> None:
    card = SdCard(folder / "card")
    assert card.names() == ("Sound.wav", "broken.wav")
    assert card.read("BROKEN.WAV") == b"RIFF"
    for name in ("../plain.elf", "/etc/passwd", "none.wav", "", "broken.wav/x", "./../plain.elf"):
        with pytest.raises(UsageError):
            card.read(name)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.wav").write_bytes(b"a")
    (tmp_path / ".hidden").write_bytes(b"h")
    assert SdCard(tmp_path).names() == ()
    assert SdCard(tmp_path).read("inner/A.wav") == b"a"
    assert SdCard(tmp_path / "gone").names() == ()
