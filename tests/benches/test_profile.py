"""``boardless profile``: what it records of benchmarks and of any firmware, and what it says of errors."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benches.measure.operator_works import model_works
from benches.measure.recorded_window import record_inference
from benches.silicon.validate import synthetic_input
from benches.suite import shipped
from benches.suite.benchmarks import ANOMALY_DETECTION, KEYWORD_SPOTTING, SHIPPED, Benchmark
from emulator import Machine
from emulator.cli.main import main
from emulator.profiling.recorder import Labels, Recorder
from emulator.recording.model import Recording
from emulator.recording.store import read_recording
from tests.machine.context_firmware import FIRMWARE
from tests.machine.firmware import build

BOARD = "nucleo-l4r5zi"


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("profile"), FIRMWARE)


def profile(*words: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["profile", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def recorded(folder: Path, *words: str | Path) -> Recording:
    profile(*words, "-o", folder / "run.blr")
    recording = read_recording(folder / "run.blr")
    recording.check()
    return recording


def cycles_of(recording: Recording) -> Counter[str]:
    cycles: Counter[str] = Counter()
    for item in recording.code:
        cycles[recording.functions[item.function].name] += item.cycles
    return cycles


@pytest.mark.parametrize("benchmark", SHIPPED, ids=lambda b: b.name)
def test_a_shipped_benchmarks_sums_are_exact(benchmark: Benchmark) -> None:
    image = shipped.image_for(benchmark, BOARD)
    machine = Machine(BOARD)
    machine.load(image)
    recording = record_inference(
        Recorder(machine), machine, lambda session: synthetic_input(session.benchmark), Labels("")
    )
    recording.check()
    waiting = recording.waiting_instructions
    assert sum(item.count for item in recording.code) + waiting == recording.instructions
    assert recording.interrupted_instructions == 0
    by_context: Counter[int] = Counter()
    by_code: Counter[int] = Counter()
    for context in recording.contexts:
        by_context[context.function] += (
            context.self_cycles - context.waiting_cycles - context.exception_cycles
        )
    for item in recording.code:
        by_code[item.function] += item.cycles
    assert by_code == by_context, "instructions and contexts tell the same of every function"
    run = next(n for n, f in enumerate(recording.functions) if f.name == "network_run")
    assert sum(c.calls for c in recording.contexts if c.function == run) == 1
    path = next(number for number, c in enumerate(recording.contexts) if c.function == run)
    names = []
    while path >= 0:
        names.append(recording.functions[recording.contexts[path].function].name)
        path = recording.contexts[path].parent
    assert names[-1] == "Reset_Handler" or "main" in names, "calls are followed from reset on"


def test_the_short_answer(tmp_path: Path) -> None:
    result = profile("kws", "-o", tmp_path / "kws.blr")
    recording = read_recording(tmp_path / "kws.blr")
    ((hottest, _),) = cycles_of(recording).most_common(1)
    assert hottest in result.output
    assert len(recording.operators) == 13
    assert [o.name for o in recording.operators[:2]] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert sum(max(0, o.macs) for o in recording.operators) == 2_656_768
    assert all(f"{operator.cycles:,}" in result.output for operator in recording.operators)
    assert "unofficial" in result.output
    assert result.output.count("stall ") == 3
    place = r"hottest line firmware/kernels/optimized/\w+\.c:\d+ in \w+"
    line = place + r", [\d.]+ % of all cycles; of them [a-z-]+ [\d.]+ %"
    assert re.search(line, " ".join(result.output.split()))
    assert recording.identity.title.startswith("one kws inference of ")
    assert recording.identity.band is not None


def test_functions_where_there_are_no_operators(elf: Path, tmp_path: Path) -> None:
    words = (elf, "--board", "virtual-m4", "--max-cycles", "30000", "-o", tmp_path / "run.blr")
    result = profile(*words, "--top", "8")
    for name, cycles in cycles_of(read_recording(tmp_path / "run.blr")).most_common(3):
        assert name in result.output
        assert f"{cycles:,}" in result.output


def test_one_call_of_a_function_in_a_benchmark(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "kws", "--function", "kernel_softmax")
    assert recording.identity.title.startswith("one call of kernel_softmax in one kws inference of ")
    whole = recorded(tmp_path, "kws")
    number = next(n for n, f in enumerate(whole.functions) if f.name == "kernel_softmax")
    inside = {n for n, c in enumerate(whole.contexts) if c.function == number}
    for n, context in enumerate(whole.contexts):
        if context.parent in inside:
            inside.add(n)
    assert recording.cycles == sum(whole.contexts[n].self_cycles for n in inside)


def test_a_firmware_from_one_text_to_another(elf: Path, tmp_path: Path) -> None:
    recording = recorded(tmp_path, elf, "--board", "virtual-m4", "--from", "ready", "--until", "sleep")
    assert recording.identity.title == "a run from 'ready' until 'sleep'"
    assert {"recurse", "jumps", "on_high"} <= set(cycles_of(recording))
    assert "sleep" in recording.console and "ready" not in recording.console


@pytest.mark.parametrize(("function", "calls"), [("recurse", {"recurse": 4}), ("on_high", {"leaf": 1})])
def test_one_call_of_any_function(elf: Path, tmp_path: Path, function: str, calls: dict[str, int]) -> None:
    recording = recorded(tmp_path, elf, "--board", "virtual-m4", "--function", function)
    assert recording.identity.title == f"one call of {function}"
    made: Counter[str] = Counter()
    for context in recording.contexts:
        if context.calls:
            made[recording.functions[context.function].name] += context.calls
    assert made == calls


def test_so_many_cycles(elf: Path, tmp_path: Path) -> None:
    recording = recorded(tmp_path, elf, "--board", "virtual-m4", "--max-cycles", "5000")
    assert 5000 <= recording.cycles < 5100


def test_a_firmware_that_ends(tmp_path: Path) -> None:
    source = build(tmp_path, 'void main(void) { print("over"); for (;;) { } }')
    recording = recorded(tmp_path, source, "--board", "virtual-m4")
    assert recording.identity.title == "a run from reset until it idles"
    assert recording.console == "over"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--function", "nothing"), 2, "nothing"),
        (("--function", "middle", "--from", "sleep", "--max-cycles", "40000"), 1, "middle was never called"),
        (("--function", "worker", "--max-cycles", "40000"), 4, "did not return"),
        (("--until", "never", "--max-cycles", "9000"), 4, "stopped at the limit of 9000 cycles"),
        (("--until", "sleep", "--benchmark", "kws"), 2, "no host sends inputs"),
    ],
)
def test_what_does_not_come_is_said(elf: Path, words: tuple[str, ...], code: int, message: str) -> None:
    result = profile(elf, "--board", "virtual-m4", *words, code=code)
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_firmware_that_speaks_no_protocol(tmp_path: Path) -> None:
    elf = build(tmp_path, 'void main(void) { print("over"); for (;;) { } }')
    result = profile(elf, "--board", "virtual-m4", "--benchmark", "kws", code=4)
    assert "m-ready" in result.output


def test_a_bench_records_what_it_shows(tmp_path: Path) -> None:
    words = ["bench", "kws", "ad", "--count", "1", "--profile", str(tmp_path / "run.blr")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    for name in ("kws", "ad"):
        recording = read_recording(tmp_path / f"run-{name}.blr")
        recording.check()
        assert recording.identity.title.startswith(f"one {name} inference of ")
    assert not (tmp_path / "run.blr").exists()


def test_only_a_bench_of_performance_records(tmp_path: Path) -> None:
    words = ["bench", "kws", "--mode", "accuracy", "--profile", str(tmp_path / "run.blr")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "performance mode" in result.output


def test_a_models_file_tells_the_weights_too(tmp_path: Path) -> None:
    model = shipped.model_for(KEYWORD_SPOTTING)
    profile("kws", "--model", model, "-o", tmp_path / "kws.blr")
    operators = read_recording(tmp_path / "kws.blr").operators
    assert sum(o.macs for o in operators) == sum(work.macs for work in model_works(model)) == 2_656_768
    assert operators[0].weight_bytes == 64 * 40 + 4 * 64
    other = shipped.model_for(ANOMALY_DETECTION)
    profile("kws", "--model", other, "-o", tmp_path / "kws.blr")  # it is another network's: left aside
    assert [o.name for o in read_recording(tmp_path / "kws.blr").operators][:1] == ["CONV_2D"]
