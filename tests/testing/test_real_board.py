"""The same tests on a board behind a port: here a PTY, behind which an emulated one knows nothing of them."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boardless import Dut, LinkError, NotOnABoard, UsageError, load_board
from emulator.testing.dut import Firmware
from emulator.testing.wired import WiredBoard, WiredDut, Wiring
from tests.testing.board_on_desk import TOOL, BoardOnDesk
from tests.testing.firmware import BOARD

pytest_plugins = ["pytester"]
TESTS = """
    import pytest

    pytestmark = [pytest.mark.boardless_image("talker.elf"), pytest.mark.boardless_boot("ready\\n"),
                  pytest.mark.boardless_board("virtual-m4")]

    def test_talks(dut):
        dut.write("n")
        assert dut.expect(r"name (\\w+)")[1] == "tester"

    def test_a_test_begins_at_the_boot(dut):
        dut.write("b")
        assert dut.expect(r"boots (\\w+)\\n")[1] == "00000001"

    def test_another_one_too(dut):
        dut.write("b")
        assert dut.expect(r"boots (\\w+)\\n")[1] == "00000001"

    @pytest.mark.boardless_limits(cycles=1)
    def test_limits(dut):
        pass

    @pytest.mark.boardless_board("mps2-an386")
    def test_another_board(dut):
        pass

    def test_of_the_emulator(dut):
        assert dut.call("add", 1, 2).value == 3

    def test_loads_by_itself(dut):
        dut.load("talker.elf")
        dut.expect_exact("boot")
        dut.reset()
        dut.expect_exact("boot")

    def test_noise(dut):
        with dut.noise(losses=1.0):
            dut.write("n")
        dut.write("b")
        dut.expect_exact("boots")
        assert "name" not in dut.console.take().decode()
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[BoardOnDesk]:
    board = BoardOnDesk(tmp_path)
    yield board
    board.close()


@pytest.fixture
def project(pytester: pytest.Pytester, talker: Path) -> pytest.Pytester:
    shutil.copy(talker, pytester.path / "talker.elf")
    pytester.makepyfile(TESTS)
    return pytester


def test_the_same_file_on_both(project: pytest.Pytester, desk: BoardOnDesk) -> None:
    options = ("-p", "no:cacheprovider", "-rs", "-p", "no:benchmark")
    emulated = project.runpytest(*options, "-k", "not loads and not limits and not another_one")
    emulated.assert_outcomes(passed=5, deselected=3)
    # without a reset that clears memory each test begins at a load
    real = project.runpytest(*options, *desk.options[:-2], "-k", "not loads")
    real.assert_outcomes(passed=5, skipped=2, deselected=1)
    real.stdout.re_match_lines(
        [
            r"boardless: limits of 1 tests not judged: .*",
            r"SKIPPED \[1\] .*: the test is for mps2-an386, and --dut-board is virtual-m4",
        ]
    )
    assert "dut.call() needs the emulator; virtual-m4 is a real board" in real.stdout.str()
    again = project.runpytest(*options, *desk.options, "-k", "loads or talks")
    again.assert_outcomes(passed=2, deselected=6)


def test_each_worker_has_its_board(project: pytest.Pytester, desk: BoardOnDesk, tmp_path: Path) -> None:
    """What the first one's port says is not what the second one's is asked."""
    (tmp_path / "other").mkdir()
    other = BoardOnDesk(tmp_path / "other")
    load = f"sh -c 'exec {sys.executable} -S {TOOL} $(dirname {{port}})/control load {{image}}'"
    ports = ("--dut-port", str(desk.port), "--dut-port", str(other.port))
    for name in ("test_a", "test_b"):
        lines = [line[4:] for line in TESTS.splitlines()]
        own = (
            f"def test_begins(dut, worker_id): assert dut.console.name == {ports[1::2]}[int(worker_id[2:])]\n"
        )
        (project.path / f"{name}.py").write_text("\n".join([*lines, own]))
    files = ("test_a.py", "test_b.py", "-k", "talks or begins", "-n", "2", "--dist", "loadfile")
    result = project.runpytest(*files, "--dut-board", BOARD, *ports, "--dut-load", load)
    other.close()
    result.assert_outcomes(passed=6)


def test_without_a_way_to_load(project: pytest.Pytester, desk: BoardOnDesk) -> None:
    result = project.runpytest("-rs", *desk.options[:4], "-k", "talks")
    result.assert_outcomes(skipped=1, deselected=7)
    result.stdout.fnmatch_lines(["*the test loads talker.elf, and nobody has said how*"])


def test_a_failure_shows_the_console(project: pytest.Pytester, desk: BoardOnDesk) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.boardless_image("talker.elf")
        def test_it(dut):
            dut.expect_exact("ready")
            dut.expect("never", timeout=0.1)
        """
    )
    result = project.runpytest(*desk.options)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [r".*never sent 'never': 0\.1 s have passed", r"-+ virtual-m4 on .*console -+", "boot"]
    )


ABILITIES: dict[str, Callable[[Dut], object]] = {
    "machine": lambda dut: dut.machine,
    "cycles": lambda dut: dut.cycles,
    "instructions": lambda dut: dut.instructions,
    "seconds": lambda dut: dut.seconds,
    "memory": lambda dut: dut.memory,
    "gpio": lambda dut: dut.gpio,
    "serial('uart2')": lambda dut: dut.serial("uart2"),
    "run(1)": lambda dut: dut.run(1),
    "call()": lambda dut: dut.call("add", 1, 2),
    "profile()": Dut.profile,
    "interrupt()": lambda dut: dut.interrupt("on_button"),
    "flip_memory()": lambda dut: dut.flip_memory("boots", 1),
    "flip_register()": lambda dut: dut.flip_register("r1", 1),
    "brown_out()": Dut.brown_out,
}


def test_what_needs_the_emulator_says_so(desk: BoardOnDesk) -> None:
    wired = WiredBoard(load_board(BOARD), Wiring(str(desk.port), 115200))
    for name, use in ABILITIES.items():
        with pytest.raises(NotOnABoard, match=re.escape(f"dut.{name} needs the emulator")):
            use(WiredDut(wired))
    wired.channel.close()


def test_what_goes_wrong_is_told(desk: BoardOnDesk, talker: Path) -> None:
    board = load_board(BOARD)
    with pytest.raises(LinkError, match="can't be opened"):
        WiredBoard(board, Wiring("/dev/nothing", 115200))
    for load, error, words in (
        (f"{desk.tool} load nowhere.elf", LinkError, r"(?s)ended with code 1.*nowhere\.elf"),
        ("no-such-flash-tool {image}", UsageError, "can't be run"),
        ("true {speed}", UsageError, r"\{image\}, \{base\}"),
    ):
        wired = WiredBoard(board, Wiring(str(desk.port), 115200, load))
        with pytest.raises(error, match=words):
            wired.load(Firmware(talker))
        with pytest.raises(NotOnABoard, match="--dut-reset"):
            wired.reset()
        wired.channel.close()
