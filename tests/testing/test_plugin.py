"""pytest's plugin, by whole runs of pytest inside: alone, with xdist, and where nothing of ours is used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

import boardless
from tests.testing.firmware import BOARD
from tests.testing.rtt_firmware import build_rtt

assert boardless.Machine  # imported here, so that runs inside find it loaded

pytest_plugins = ["pytester"]
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:benchmark")
SETTINGS = f"[pytest]\nboardless_board = {BOARD}\nboardless_image = talker.elf\nboardless_boot = ready\n"


@pytest.fixture
def project(pytester: pytest.Pytester, talker: Path) -> pytest.Pytester:
    """A project with the firmware and settings for all its tests."""
    shutil.copy(talker, pytester.path / "talker.elf")
    pytester.makeini(SETTINGS)
    return pytester


def ran(pytester: pytest.Pytester, *options: str, **outcomes: int) -> str:
    """A run's output, once its outcomes are those."""
    result = pytester.runpytest(*WITHOUT, *options)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


def test_a_test_of_a_device(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_name(dut, board):
            assert board.name == dut.board.name == "virtual-m4"
            dut.write("n")
            assert dut.expect(r"name (\\S+)\\n")[1] == "tester-1"
            assert dut.call("add", 2, 3).value == 5
            assert 0 < dut.cycles < 100_000

        def test_memory(dut):
            dut.memory["samples"] = bytes(8)

        class TestMore:
            def test_memory_again(self, dut):
                assert dut.image.name == "talker.elf"
                assert dut.memory.uint32["boots"] == 1
        """
    )
    ran(project, passed=3)


def test_boards_and_images(project: pytest.Pytester) -> None:
    shutil.copy(project.path / "talker.elf", project.path / "other.elf")
    project.makepyfile(
        """
        import pytest

        @pytest.mark.boardless_board("virtual-m4", "mps2-an386")
        @pytest.mark.boardless_image("talker.elf", "other.elf")
        def test_it(dut):
            dut.write("n")
            dut.expect_exact("name")

        @pytest.mark.boardless_board("mps2-an386")
        def test_one(board, dut):
            assert board.name == "mps2-an386"
        """
    )
    out = ran(project, "-v", passed=5)
    for name in (
        "virtual-m4-talker.elf",
        "virtual-m4-other.elf",
        "mps2-an386-talker.elf",
        "mps2-an386-other.elf",
    ):
        assert f"test_it[{name}] PASSED" in out
    assert "test_one PASSED" in out
    out = ran(project, "-v", "-rs", "--dut-board", "virtual-m4", passed=2, skipped=3)
    assert "the test is for mps2-an386, and --dut-board is virtual-m4" in out


def test_booting_is_paid_once_a_module(project: pytest.Pytester) -> None:
    module = """
        import pytest
        from emulator.testing.stand import Stand

        @pytest.mark.parametrize("number", range(3))
        def test_it(dut, number, boardless_module):
            assert boardless_module.stand(dut.board).boots == 1
            assert dut.memory["samples"] == bytes(8)
            dut.memory["samples"] = bytes([number]) * 8
            dut.write("n")
            dut.expect_exact("name")
    """
    project.makepyfile(test_one=module, test_two=module)
    ran(project, passed=6)


def test_a_test_loads_its_image_itself(project: pytest.Pytester) -> None:
    project.makeini("[pytest]")
    project.makepyfile(
        """
        import pytest

        @pytest.fixture
        def board():
            from boardless import load_board
            return load_board("virtual-m4")

        def test_it(dut):
            dut.load("talker.elf", boot="ready")
            dut.write("n")
            dut.expect_exact("name")

        def test_nothing_is_loaded(dut):
            with pytest.raises(Exception, match="no image is loaded"):
                dut.expect("x")

        @pytest.mark.boardless_limits(cycles=5)
        def test_nothing_to_judge(dut):
            pass
        """
    )
    assert "boardless_limits: the test has loaded no image" in ran(project, passed=2, failed=1)


def test_limits_fail_with_the_figure_and_the_place(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        def work(dut, command, answer):
            dut.write(command)
            dut.expect_exact(answer)

        @pytest.mark.boardless_limits(cycles=1_000_000, instructions=1_000_000, stack=10_000)
        def test_within(dut):
            work(dut, "w", "worked")

        @pytest.mark.boardless_limits(function={"work": 100}, cause={"issue": 10**9, "load-use": 10**9})
        def test_function(dut):
            work(dut, "w", "worked")

        @pytest.mark.boardless_limits(stack=200)
        def test_stack(dut):
            work(dut, "d", "dived")

        @pytest.mark.boardless_limits(cycles=100)
        def test_cycles(dut):
            dut.call("work")

        @pytest.mark.boardless_limits(latency={"interrupt 6": 5})
        def test_latency(dut):
            dut.interrupt("on_button")
            dut.expect_exact("button")

        @pytest.mark.boardless_limits(heap=5)
        def test_nothing_of_the_kind(dut):
            pass

        @pytest.mark.boardless_limits(cycles=200_000, stack=10_000)
        def test_from_the_last_load_on(dut):
            dut.run(1)
            dut.load("talker.elf", boot="ready")
            dut.reset()
            dut.expect_exact("boot")

        @pytest.mark.boardless_limits(cicles=5)
        def test_misspelt(dut):
            pass
        """
    )
    result = project.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=6)
    result.stdout.re_match_lines(
        [
            r"_+ test_function _+",
            r"function:work [0-9,]+ cycles, over the limit of 100 by [0-9,]+",
            r"  at .*talker\.c:\d+",
            r"Simulated and unofficial: .*",
            r"_+ test_stack _+",
            r"stack [0-9,]+ bytes, over the limit of 200 by \d+",
            r"  main stack, deepest in .*main > deep > .*deep",
            r"_+ test_cycles _+",
            r"cycles [0-9,]+, over the limit of 100 by [0-9,]+",
            r"  [0-9,]+ cycles in work \(.*talker\.c:\d+\)",
            r"_+ test_latency _+",
            r"latency:interrupt 6 \d+ cycles, over the limit of 5 by \d+",
            r"  1 times, in \d+ cycles at best",
            r".*there is no heap in what the test did",
            r"  there are: cycles, instructions",
            r".*cicles=5 is no limit",
        ]
    )


def test_a_failure_shows_console_fault_and_backtrace(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_crash(dut):
            dut.write("c")
            dut.expect_exact("never")

        def test_wrong(dut):
            dut.write("n")
            dut.flip_memory("canary", 0)
            assert dut.expect(r"name (\\w+)")[1] == "nobody"
        """
    )
    out = ran(project, failed=2)
    crash, wrong = out.split("test_wrong __")
    assert "GuestFault: 0x" in crash and "the firmware crashed" in crash
    assert '>       dut.expect_exact("never")' in crash
    assert "emulator/testing" not in crash, "the test's line is what is shown, not the emulator's inside"
    for text in (
        f"- {BOARD}: console -",
        f"- {BOARD}: fault -",
        "backtrace (likely):",
        "crash+0x",
        "main+0x",
    ):
        assert text in crash, text
    assert f"- {BOARD}: injected -" in wrong and "bit 0 of the byte at 0x20" in wrong
    assert "boot\nready" in wrong


def test_a_boot_that_fails_says_so(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.boardless_boot("hello", timeout=0.1)
        def test_boot(dut):
            pass

        @pytest.mark.boardless_image("nowhere.elf")
        def test_image(dut):
            pass

        @pytest.mark.boardless_board("nucleo")
        def test_board(dut):
            pass
        """
    )
    out = ran(project, errors=3)
    assert "never sent 'hello': 0.1 s of modelled time have passed" in out
    assert f"- {BOARD}: console -" in out
    assert "is the firmware built?" in out
    assert "BoardError" in out
    project.makeini("[pytest]")
    project.makepyfile("def test_it(dut): pass")
    assert "which board? Give @pytest.mark.boardless_board" in ran(project, errors=1)


def test_paths_begin_at_the_root_directory(
    project: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(
        """
        def test_marked(dut):
            assert dut.image.is_absolute()

        def test_loaded(dut):
            dut.load("talker.elf", boot="ready")
            dut.load("here.elf", boot="ready")
        """
    )
    shutil.copy(project.path / "talker.elf", tmp_path / "here.elf")
    monkeypatch.chdir(tmp_path)
    ran(project, str(project.path), passed=2)


MANY = """
    import pytest

    @pytest.mark.parametrize("number", range(6))
    def test_it(dut, number):
        dut.write("n" * (number % 2 + 1))
        dut.run(0.01 * (number + 1))
        assert dut.call("add", number, 1).value == number + 1

    @pytest.mark.boardless_limits(cycles=100)
    def test_limit(dut):
        dut.call("work")
"""


def cases(file: Path) -> dict[str, tuple[str, str]]:
    """By test: the cycles that it took, and its failure's text."""
    found = {}
    for case in ElementTree.parse(file).iter("testcase"):
        cycles = [p.get("value") for p in case.iter("property") if p.get("name") == "boardless cycles"]
        failure = case.find("failure")
        found[f"{case.get('classname')}.{case.get('name')}"] = (
            *cycles,
            "" if failure is None else str(failure.text),
        )
    return found


def test_xdist_gives_the_same_figures_and_the_same_report(project: pytest.Pytester) -> None:
    project.makepyfile(test_a=MANY, test_b=MANY)
    ran(project, "--junit-xml=alone.xml", passed=12, failed=2)
    out = ran(project, "-n", "4", "--junit-xml=together.xml", passed=12, failed=2)
    alone, together = cases(project.path / "alone.xml"), cases(project.path / "together.xml")
    assert len(alone) == 14
    assert alone == together
    assert f"- {BOARD}: console -" in out
    assert "over the limit of 100 by" in out


def test_nothing_is_loaded_where_nothing_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("boardless")
            ours = {name for name in sys.modules if name.partition(".")[0] in
                    ("boardless", "emulator", "peripherals", "benches", "unicorn", "serial", "numpy")}
            assert ours == {"emulator", "emulator.errors", "emulator.testing", "emulator.testing.plugin",
                            "emulator.testing.benchmark_timer"}
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    help_text = pytester.runpytest_subprocess("--help").stdout.str()
    assert "--dut-port=PORT" in help_text and "boardless_image (string):" in help_text
    markers = pytester.runpytest_subprocess("--markers").stdout.str()
    assert markers.count("@pytest.mark.boardless_") == 4


def test_strict_markers_know_ours(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.boardless_boot("ready")
        def test_it(dut): pass
        """
    )
    ran(project, "--strict-markers", "-W", "error", passed=1)


def test_pytest_benchmark_measures_modelled_time(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # pytest-benchmark measures nothing under xdist
    project.makepyfile(
        """
        import pytest

        def test_work(dut, benchmark):
            result = benchmark(dut.call, "work")
            assert result.counts.cycles > 1000

        def test_cold(dut, benchmark):
            cycles = dut.call("work").counts.cycles
            benchmark.pedantic(dut.call, ("work",), rounds=3, iterations=2)
            benchmark.extra_info["cycles"] = cycles

        @pytest.mark.benchmark(min_rounds=4)
        def test_rounds(dut, benchmark):
            benchmark(dut.call, "add", 1, 2)

        def test_host(benchmark):
            benchmark.pedantic(lambda: None, rounds=1)
        """
    )
    result = project.runpytest("-p", "no:cacheprovider", "--benchmark-json=all.json")
    result.assert_outcomes(passed=4)
    found = {item["name"]: item for item in json.loads((project.path / "all.json").read_text())["benchmarks"]}
    cold = found["test_cold"]
    assert cold["stats"]["min"] == pytest.approx(cold["stats"]["max"], abs=1e-12)
    assert cold["stats"]["min"] * 25e6 == pytest.approx(cold["extra_info"]["cycles"], abs=1e-3)
    assert found["test_work"]["stats"]["min"] == pytest.approx(cold["stats"]["min"], abs=1e-12)
    assert found["test_work"]["stats"]["rounds"] == 1
    assert found["test_rounds"]["stats"]["rounds"] == 4
    assert "modelled_seconds" in found["test_work"]["options"]["timer"]
    assert "modelled_seconds" not in found["test_host"]["options"]["timer"]


def test_options_that_go_together(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(dut): pass")
    result = project.runpytest_subprocess("--dut-port", "/dev/null")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--dut-port needs --dut-board NAME*"])
    result = project.runpytest_subprocess("--dut-port", "/dev/null", "--dut-board", BOARD, "-n", "2")
    result.stderr.fnmatch_lines(["*2 workers and 1 --dut-port: give a port for each*"])


def test_another_console_and_further_files(project: pytest.Pytester) -> None:
    """RTT's text is what the device's methods hear; --load's files lie beside the image."""
    (project.path / "settings.bin").write_bytes(b"1234")
    rtt = 'boardless_board("virtual-m4", console="rtt")'
    project.makepyfile(
        f"""
        import pytest

        @pytest.mark.{rtt}
        @pytest.mark.boardless_boot(None)
        @pytest.mark.boardless_image("rtt.elf")
        def test_text(dut):
            assert dut.console.name == "rtt0"
            assert dut.expect(r"hello by (RTT)\\n")[1] == "RTT"
            dut.write("up")
            dut.expect_exact("UP")

        @pytest.mark.boardless_image("rtt.elf", load=[("settings.bin", 0x10000)], start=0x1000)
        @pytest.mark.boardless_boot(None)
        @pytest.mark.{rtt}
        def test_settings(dut):
            assert dut.memory[0x10000:0x10004] == b"1234"
            assert dut.machine.registers()["pc"] == 0x1000
        """
    )
    build_rtt(project.path)
    ran(project, passed=2)


def test_the_console_of_all_tests(project: pytest.Pytester) -> None:
    project.makeini(SETTINGS.replace("boardless_boot = ready", "boardless_console = rtt:1"))
    project.makepyfile("def test_it(dut):\n    assert dut.console.name == 'rtt1'\n")
    ran(project, passed=1)
