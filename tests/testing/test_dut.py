"""An emulated device under test: what a test can do to it, from Python alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from boardless import CheckFailed, GuestFault, ImageError, Machine, UsageError, load_board
from emulator.testing.dut import Firmware
from emulator.testing.emulated import EmulatedDut
from emulator.testing.noise import Noise
from emulator.testing.stand import Stand
from tests.testing.firmware import BOARD, BUTTON


@pytest.fixture(scope="module")
def stand() -> Stand:
    return Stand(load_board(BOARD))


@pytest.fixture
def dut(stand: Stand, talker: Path) -> Iterator[EmulatedDut]:
    device = EmulatedDut(stand)
    device.load(talker, boot="ready\n")
    yield device
    device.close()


def test_expect_finds_each_text_once_and_in_order(dut: EmulatedDut) -> None:
    dut.write("nb")
    match = dut.expect(r"name (\w+)-(\d)\n")
    assert match.groups() == ("tester", "1")
    assert dut.expect(rb"boots (\w{8})\n")[1] == b"00000001"
    dut.write(b"n")
    dut.expect_exact("name tester-1\n")
    dut.write("n")
    dut.run(0.01)
    assert dut.console.take() == b"name tester-1\n"
    assert dut.console.take() == b""


def test_a_match_that_may_go_on_ends_when_something_else_comes(dut: EmulatedDut) -> None:
    dut.write("n")
    assert dut.expect(r"name (\w+)")[1] == "tester"
    assert dut.expect(r"-(\d+)", timeout=1)[1] == "1"
    dut.write("w")
    assert dut.expect(r"w[^!]*")[0] == "worked\n", "nothing else comes"
    before = dut.seconds
    dut.write("n")
    dut.expect("name tes")
    assert dut.seconds - before < 0.01, "this can't go on"


def test_text_need_not_be_utf_8(dut: EmulatedDut) -> None:
    dut.console.unread += b"\xff\xe2\x82\xac tail"
    assert dut.expect("€ (t)")[1] == "t"
    assert dut.console.take() == b"ail"


def test_a_timeout_is_modelled_time_to_the_last_cycle(dut: EmulatedDut) -> None:
    before = dut.machine.counts.cycles
    with pytest.raises(CheckFailed, match=r"never sent 'nothing': 0.25 s of modelled time") as caught:
        dut.expect("nothing", timeout=0.25)
    assert "nothing came meanwhile" in str(caught.value)
    assert dut.machine.counts.cycles - before == pytest.approx(0.25 * 25e6, abs=50)
    dut.write("n")
    with pytest.raises(CheckFailed, match="what came instead ends 'name tester-1"):
        dut.expect("nothing", timeout=0.25)


def test_time_stands_still_but_for_the_firmware(dut: EmulatedDut) -> None:
    assert (dut.cycles, dut.instructions, dut.seconds) == (0, 0, 0)
    dut.run(0.001)
    assert dut.seconds == pytest.approx(0.001, rel=1e-3)
    assert dut.cycles == pytest.approx(25_000, rel=1e-3)
    assert 0 < dut.instructions < dut.cycles


def test_a_changed_clock_keeps_the_timeout(talker: Path) -> None:
    """The firmware's clock doubles in the middle of it: more cycles pass, not more time."""
    stand = Stand(load_board(BOARD))
    dut = EmulatedDut(stand)
    dut.load(talker, boot="ready\n")
    clocks = stand.machine.clocks
    slot = stand.machine.clock.deadline("test", lambda: clocks.set({"core": 50_000_000}))
    slot.arm_in(250_000)
    dut.run(0.02)
    assert dut.seconds == pytest.approx(0.02, rel=1e-4)
    assert dut.cycles == pytest.approx(250_000 + 500_000, rel=1e-4)


def test_memory_by_address_slice_and_name(dut: EmulatedDut) -> None:
    memory = dut.memory
    assert memory.uint32["boots"] == 1
    memory.uint16["samples", 2] = 0xBEEF
    assert memory["samples"] == bytes(4) + b"\xef\xbe" + bytes(2)
    assert memory.int16["samples", 2] == 0xBEEF - 0x10000
    address = memory.address_of("samples")
    assert memory[address + 5] == 0xBE
    assert memory[address + 4 : address + 6] == b"\xef\xbe"
    memory[address] = 7
    memory["small"] = b"abc"
    memory.double["precise"] = -0.5
    assert (memory.uint8[address], memory["small"], memory.double["precise"]) == (7, b"abc", -0.5)
    for wrong, words in (
        (lambda: memory["nowhere"], "nowhere"),
        (lambda: memory[:4], "both its ends"),
        (lambda: memory.__setitem__("small", b"ab"), "3 bytes of memory and 2"),
        (lambda: memory.uint8.__setitem__(address, 256), "does not fit"),
    ):
        with pytest.raises(UsageError, match=words):
            wrong()


def test_pins_are_read_driven_and_waited_for(dut: EmulatedDut) -> None:
    assert dut.gpio["gpio0:0"] == 0
    dut.write("p")
    dut.gpio.expect("gpio0:0", 1)
    dut.expect_exact("pin")
    dut.write("p")
    dut.expect_exact("pin")
    assert [edge.level for edge in dut.gpio.edges("gpio0:0")] == [1, 0]
    dut.gpio["gpio0:5"] = 1
    dut.write("i")
    dut.expect_exact("high")
    dut.gpio["gpio0:5"] = 0
    dut.write("i")
    dut.expect_exact("low")
    with pytest.raises(CheckFailed, match=r"gpio0:5 is still 0 after 0\.1 s"):
        dut.gpio.expect("gpio0:5", 1, timeout=0.1)
    with pytest.raises(UsageError, match=r"no pin 'GPIO0:5'\n.*: gpio0:5"):
        dut.gpio["GPIO0:5"]


@pytest.mark.parametrize("which", [BUTTON, "on_button"])
def test_interrupts_come_by_number_and_by_name(dut: EmulatedDut, which: int | str) -> None:
    dut.interrupt(which)
    dut.expect_exact("button")
    dut.interrupt(which, at_cycles=dut.cycles + 10_000)
    with pytest.raises(CheckFailed):
        dut.expect_exact("button", timeout=9_000 / 25e6)
    dut.expect_exact("button")
    assert dut.memory.uint32["hits"] == 2


def test_interrupts_of_the_core(dut: EmulatedDut) -> None:
    dut.interrupt("SysTick")
    dut.run(0.001)
    assert dut.memory.uint32["ticks"] == 1
    for wrong in (32, -1, "main"):
        with pytest.raises(UsageError, match="interrupt"):
            dut.interrupt(wrong)


def test_calls(dut: EmulatedDut) -> None:
    result = dut.call("add", 2, -5)
    assert result.value == -3
    assert result.counts.cycles == dut.cycles


def test_a_flipped_bit_of_memory_at_its_cycle(dut: EmulatedDut) -> None:
    dut.flip_memory("canary", 9, at_cycles=1000)
    dut.run(900 / 25e6)
    assert dut.memory.uint32["canary"] == 0
    dut.run(200 / 25e6)
    assert dut.memory.uint32["canary"] == 1 << 9
    dut.flip_memory("canary", 9)
    assert dut.memory.uint32["canary"] == 0
    injected = dict(dut.sections())[f"{BOARD}: injected"]
    assert injected.count("bit 1 of the byte at") == 2
    with pytest.raises(UsageError, match=r"cycle [0-9,]+ is over"):
        dut.flip_memory("canary", 0, at_cycles=5)
    with pytest.raises(UsageError, match="no memory"):
        dut.flip_memory(0x9000_0000, 0)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_flipped_bit_of_a_register_at_its_cycle(talker: Path, hook: str) -> None:
    stand = Stand(load_board(BOARD), hook=hook)
    dut = EmulatedDut(stand)
    dut.load(talker, boot="ready\n")
    clean = dut.call("hold", 3)
    dut.flip_register("r4", 5, at_cycles=dut.cycles + 100)
    flipped = dut.call("hold", 3)
    assert (clean.value, flipped.value) == (3, 3 ^ 32)
    assert flipped.counts == clean.counts
    for name, bit in (("r99", 0), ("pc", 0), ("xpsr", 3), ("r0", 32), ("ipsr", 1), ("sp", 1), ("control", 0)):
        with pytest.raises(UsageError):
            dut.flip_register(name, bit)


def test_a_flipped_program_counter_ends_in_a_fault(dut: EmulatedDut) -> None:
    dut.flip_register("pc", 28)
    with pytest.raises(GuestFault):
        dut.run(0.01)
    assert "INVSTATE" in dict(dut.sections())[f"{BOARD}: fault"] or dut.machine.system.fault_chain


def test_a_brown_out_keeps_memory_or_loses_it(dut: EmulatedDut) -> None:
    dut.brown_out(at_cycles=5000)
    dut.expect_exact("boot")
    assert dut.cycles > 5000
    dut.expect_exact("ready")
    dut.write("b")
    dut.expect_exact("boots 00000002")
    dut.brown_out(loses_memory=True, seed=3)
    dut.expect_exact("ready")
    lost = dut.memory.uint32["boots"]
    assert lost > 3
    dut.brown_out(loses_memory=True, seed=3)
    dut.expect_exact("ready")
    assert dut.memory.uint32["boots"] == lost, "the same for the same seed"


def test_a_reset_keeps_memory(dut: EmulatedDut) -> None:
    dut.reset()
    dut.expect_exact("ready")
    assert dut.memory.uint32["boots"] == 2


def test_noise_on_the_line(dut: EmulatedDut) -> None:
    with dut.noise(flips=0.5, losses=0.25, seed=1) as noise:
        for _ in range(40):
            dut.write("n")
            dut.run(0.005)
    answers = dut.console.take().decode().split("\n")[:-1]
    assert noise.flipped and noise.lost
    assert len(answers) == 40 - noise.lost
    assert sum(not answer.startswith("name") for answer in answers) == noise.flipped
    dut.write("n")
    dut.expect_exact("name tester-1\n")
    with dut.noise(losses=0.3, seed=1, received=True) as heard:
        dut.write("n")
        dut.run(0.01)
    assert heard.lost and not heard.flipped
    assert len(dut.console.take()) == len("name tester-1\n") - heard.lost
    assert dut.machine.console.output.endswith(b"name tester-1\n" * 2), "the device itself said all of it"
    dut.write("n")
    dut.expect_exact("name tester-1")
    same = [Noise(0.5, 0.25, 1).of(b"n" * 40) for _ in range(2)]
    assert same[0] == same[1] != Noise(0.5, 0.25, 2).of(b"n" * 40)
    with pytest.raises(UsageError, match="flips=2 is no share"):
        dut.noise(flips=2)


def test_other_ports(dut: EmulatedDut) -> None:
    assert dut.serial("uart2").take() == b""
    dut.write("q")
    assert dut.serial("uart2").expect("Q")
    with pytest.raises(CheckFailed, match=r'the firmware talks on uart2, too: dut\.serial\("uart2"\)'):
        dut.expect("Q", timeout=0.01)
    assert dut.serial("uart0") is dut.console
    assert dut.serial("itm").name == "itm"
    with pytest.raises(UsageError, match="no serial port"):
        dut.serial("uart9")


def test_a_profile_of_a_stretch(dut: EmulatedDut) -> None:
    with dut.profile() as profiled:
        dut.write("w")
        dut.expect_exact("worked")
    names = [row[0] for row in profiled.report.by("function").rows]
    assert "work" in names[:3]


def test_an_image_boots_once_and_tests_leave_nothing_behind(talker: Path) -> None:
    stand = Stand(load_board(BOARD))
    seen = []
    for _ in range(3):
        dut = EmulatedDut(stand)
        dut.load(talker, boot="ready\n")
        dut.interrupt("on_button", at_cycles=10**6)
        dut.gpio["gpio0:5"] = 1
        dut.noise(losses=1.0)
        dut.console.disturbance = None
        dut.write("pi")
        dut.expect_exact("high")
        seen.append((dut.cycles, dut.instructions, dut.gpio.edges("gpio0:0"), dut.memory["samples"]))
        dut.memory["samples"] = bytes(range(8))
        dut.noise(losses=1.0)
        dut.close()
    assert seen[0] == seen[1] == seen[2]
    assert stand.boots == 1
    talker.touch()
    EmulatedDut(stand).load(talker, boot="ready\n")
    assert stand.boots == 2, "a file that was written anew boots anew"
    machine = Machine(BOARD)
    machine.load(talker)
    machine.run(until="ready\n")
    assert stand.machine.counts == machine.counts, "as on a machine that nobody has used"


def test_an_image_that_never_boots_or_is_not_there(stand: Stand, talker: Path) -> None:
    dut = EmulatedDut(stand)
    with pytest.raises(CheckFailed, match="never sent 'hello'"):
        dut.load_firmware(Firmware(talker, boot="hello", timeout_s=0.1))
    with pytest.raises(ImageError, match="is the firmware built"):
        dut.load("nowhere.elf")
    with pytest.raises(UsageError, match="no image is loaded"):
        EmulatedDut(stand).expect("x")


def test_a_crash_is_raised_and_reported(dut: EmulatedDut) -> None:
    dut.write("c")
    with pytest.raises(GuestFault, match="crash"):
        dut.expect("never")
    sections = dict(dut.sections())
    assert "crash+0x" in sections[f"{BOARD}: fault"]
    assert sections[f"{BOARD}: console"].endswith("ready")
