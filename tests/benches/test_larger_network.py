"""ic02: image classification with the larger network, built, played and checked beside ic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from benches.build.command import build
from benches.build.firmware import BENCHMARKS as BUILT
from benches.build.firmware import SHIPPED as BUILT_WITH_OURS
from benches.build.firmware import shipped_model
from benches.cli.bench import bench
from benches.measure.network_description import read_layers
from benches.silicon.validate import synthetic_input
from benches.suite.benchmarks import (
    BENCHMARKS,
    IMAGE_CLASSIFICATION,
    IMAGE_CLASSIFICATION_LARGE,
    SHIPPED,
    find,
)
from benches.suite.input_files import dataset_folder
from benches.suite.shipped import inputs_for
from emulator import Machine
from emulator.errors import UsageError

OFFICIAL = "models/pretrainedResnet_large_int8.tflite"
MODEL_BYTES = 512_024
MOST_US = 1.1e6
"""Goal of an inference on nucleo-l4r5zi; the runner gives up at 30 s for a window of 20."""


def test_it_is_ic_but_for_its_name_windows_and_model() -> None:
    small, large = IMAGE_CLASSIFICATION, IMAGE_CLASSIFICATION_LARGE
    assert find("ic02") is large
    assert (large.input_bytes, large.input_kind, large.outputs, large.metric) == (
        small.input_bytes, small.input_kind, small.outputs, small.metric
    )  # fmt: skip
    assert (large.dataset_name, large.bench_inputs) == (small.dataset_name, 5)
    assert inputs_for(large) == inputs_for(small) == dataset_folder(inputs_for(small).parent, large)
    assert synthetic_input(large) == synthetic_input(small)
    assert [benchmark.name for benchmark in BENCHMARKS] == [name for name in BUILT if name != "sww"]
    assert [benchmark.name for benchmark in SHIPPED] == list(BUILT_WITH_OURS) == ["kws", "vww", "ic", "ad"]


def test_without_a_model_both_commands_say_what_to_give() -> None:
    for command in (bench, build):
        with pytest.raises(UsageError, match="no model of ic02 is shipped") as caught:
            CliRunner().invoke(command, ["ic02"], catch_exceptions=False)
        assert "--model FILE.tflite" in str(caught.value)
    with pytest.raises(UsageError, match="of one benchmark or of one image"):
        CliRunner().invoke(bench, ["--model", str(shipped_model("ic"))], catch_exceptions=False)


def played(*arguments: str | Path) -> dict[str, object]:
    """The one run of ``boardless bench ic02``'s report."""
    words = ["ic02", "--json", "-", *map(str, arguments)]
    result = CliRunner().invoke(bench, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    (run,) = json.loads(result.stdout)["runs"]
    return run


def first_inputs(folder: Path, count: int) -> list[str]:
    return [f"--inputs={path}" for path in sorted(folder.glob("*.bin"))[:count]]


def test_a_model_is_built_and_played_under_its_name() -> None:
    """The smaller network will do: its input and its output have the same forms."""
    inputs = first_inputs(inputs_for(IMAGE_CLASSIFICATION_LARGE), 2)
    run = played("--model", shipped_model("ic"), "--count", "1", *inputs)
    assert (run["benchmark"], run["golden"]["match"]) == ("ic02", True)
    assert len(run["windows"]) == 2


def test_the_official_model(shared_data: Callable[[str], Path], cross_tools: None, tmp_path: Path) -> None:
    elf = tmp_path / "ic02.elf"
    built = CliRunner().invoke(build, ["ic02", "--model", str(shared_data(OFFICIAL)), "--out", str(elf)])
    sizes = re.search(r"ic02 for nucleo-l4r5zi \(m4\): flash (\d+) bytes, RAM (\d+) bytes", built.output)
    assert sizes is not None, built.output
    assert 0.9 * MODEL_BYTES < int(sizes[1]) < 1.1 * MODEL_BYTES
    machine = Machine("nucleo-l4r5zi")
    machine.load(elf)
    machine.run(until="m-ready")
    machine.console.feed(b"profile%")
    machine.run(until="m-ready")
    assert b"m-model-[ic02]" in machine.console.take()
    inputs = first_inputs(shared_data("datasets/ic01/taxi_s_001241.bin").parent, 1)
    run = played("--image", elf, "--model", shared_data(OFFICIAL), "--count", "1", *inputs)
    assert run["golden"]["match"] is True
    assert sum(layer.macs for layer in read_layers(elf)) == 76_473_920
    assert run["device_latency_us"] < MOST_US
