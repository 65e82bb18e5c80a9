"""The golden interpreter is the same whatever runtime there is: not one bit may differ.

Held against tflite-runtime where this Python can have it (up to 3.11), else against the Micro
interpreter. A runtime that should be there and is not fails these tests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_writer import ModelWriter
from numpy.typing import NDArray
from operator_models import MICRO_DIFFERS, OPERATOR_MODELS, write_operator_model
from tflite_micro import runtime as micro

from benches.build.firmware import shipped_model
from benches.suite import golden_runtimes
from benches.suite.dense_as_convolution import OtherRounding, with_convolutions
from benches.suite.golden_runtimes import IMPORTERS, GoldenUnavailable, Runtime, find_runtime
from emulator.errors import UsageError
from emulator.installation.requirements import GOLDEN_RUNTIMES

LITE, LITERT = GOLDEN_RUNTIMES
MICRO_ARENA_BYTES = 600_000
HAS_LITE = sys.version_info < (3, 12)
OPERATOR_INPUTS = 100
MODEL_INPUTS = {"kws": 20, "ad": 200, "ic": 3, "vww": 3}

Codes = NDArray[np.int8]
Infer = Callable[[Codes], Codes]


def runtime(distribution: str) -> Runtime:
    return IMPORTERS[distribution](distribution)


def inference(interpreter: Any) -> Infer:
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def infer(values: Codes) -> Codes:
        interpreter.set_tensor(source["index"], values.reshape(source["shape"]))
        interpreter.invoke()
        output: Codes = interpreter.get_tensor(result["index"])
        return output.reshape(-1).copy()

    return infer


def micro_inference(model: Path) -> Infer:
    interpreter = micro.Interpreter.from_file(str(model), arena_size=MICRO_ARENA_BYTES)
    shape = interpreter.get_input_details(0)["shape"]

    def infer(values: Codes) -> Codes:
        interpreter.set_input(values.reshape(shape), 0)
        interpreter.invoke()
        output: Codes = interpreter.get_output(0)
        return output.reshape(-1).copy()

    return infer


def reference(model: Path) -> Infer:
    return inference(runtime(LITE).open(model)) if HAS_LITE else micro_inference(model)


def inputs(interpreter: Any, count: int) -> list[Codes]:
    rng = np.random.default_rng(count)
    size = int(np.prod(interpreter.get_input_details()[0]["shape"]))
    return [rng.integers(-128, 128, size).astype(np.int8) for _ in range(count)]


def differing(model: Path, first: Infer, second: Infer, count: int) -> int:
    samples = inputs(runtime(LITERT).open(model), count)
    return sum(not np.array_equal(first(values), second(values)) for values in samples)


@pytest.mark.parametrize("name", OPERATOR_MODELS)
def test_operator_by_operator(name: str, tmp_path: Path) -> None:
    if not HAS_LITE and name in MICRO_DIFFERS:
        pytest.skip("the Micro interpreter computes it otherwise, and tflite-runtime ends with Python 3.11")
    model = write_operator_model(name, tmp_path)
    assert differing(model, inference(runtime(LITERT).open(model)), reference(model), OPERATOR_INPUTS) == 0


@pytest.mark.parametrize("name", MODEL_INPUTS)
def test_the_shipped_models(name: str) -> None:
    model, count = shipped_model(name), MODEL_INPUTS[name]
    assert differing(model, inference(runtime(LITERT).open(model)), reference(model), count) == 0


@pytest.mark.parametrize("name", ["dense_batches", "dense_no_bias"])
def test_the_rewriting_is_needed(name: str, tmp_path: Path) -> None:
    """When this fails, ai-edge-litert rounds FullyConnected as devices do, and the rewriting can go."""
    model = write_operator_model(name, tmp_path)
    module = runtime(LITERT).module
    untouched = module.Interpreter(
        str(model), experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    untouched.allocate_tensors()
    assert differing(model, inference(untouched), reference(model), OPERATOR_INPUTS) > 0


def dense_model(folder: Path, *, zero_point: int = 0, variable: bool = False, channels: bool = False) -> Path:
    writer, rng = ModelWriter(), np.random.default_rng(7)
    source = writer.tensor((1, 490), scale=0.04, zero_point=11)
    scales = rng.uniform(0.002, 0.02, 10).astype(np.float32) if channels else 0.006
    weights = writer.tensor((10, 490), scale=scales, zero_point=zero_point,
                            data=None if variable else rng.integers(-127, 128, (10, 490)))  # fmt: skip
    if variable:
        writer.operator("RESHAPE", [writer.tensor((10, 490), data=np.zeros((10, 490)))], [weights])
    output = writer.tensor((1, 10), scale=0.3, zero_point=-20)
    writer.operator("FULLY_CONNECTED", [source, weights, -1], [output])
    return writer.write(folder / "dense.tflite", [source], [output])


def test_a_scale_for_each_output_as_the_micro_interpreter_has_it(tmp_path: Path) -> None:
    model = dense_model(tmp_path, channels=True)
    rewritten = inference(runtime(LITERT).open(model))
    assert differing(model, rewritten, micro_inference(model), OPERATOR_INPUTS) == 0


@pytest.mark.parametrize(("form", "words"), [
    ({"zero_point": 3}, "zero point"), ({"variable": True}, "no constant matrix"),
])  # fmt: skip
def test_what_cant_be_rewritten_is_not_checked(form: dict[str, Any], words: str, tmp_path: Path) -> None:
    model = dense_model(tmp_path, **form)
    with pytest.raises(OtherRounding, match=words):
        with_convolutions(model.read_bytes(), import_module("ai_edge_litert.schema_py_generated"))
    with pytest.raises(GoldenUnavailable, match=r"otherwise than a device(?s:.*)Python 3\.10 or 3\.11"):
        runtime(LITERT).open(model)


@pytest.mark.parametrize("distribution", GOLDEN_RUNTIMES if HAS_LITE else [LITERT])
@pytest.mark.parametrize("end", [0, 20, 3000])
def test_a_damaged_model_is_named(distribution: str, end: int, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(shipped_model("kws").read_bytes()[:end] or b"not a flatbuffer")
    with pytest.raises(UsageError, match=r"damaged\.tflite: not a model"):
        runtime(distribution).open(damaged)


def test_the_runtime_that_the_metadata_promise_is_the_one_in_use() -> None:
    assert find_runtime().name.startswith(LITE if HAS_LITE else LITERT)


def test_a_runtime_made_for_numpy_1_is_left_alone_under_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end in a SystemError when a model is opened."""
    versions = {LITE: "2.14.0", LITERT: "2.3.0", "numpy": "2.4.6"}
    monkeypatch.setattr(golden_runtimes.importlib.metadata, "version", versions.__getitem__)
    assert find_runtime().name.startswith("ai-edge-litert 2.3.0 ")


def test_a_model_that_needs_more_memory_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(_self: Runtime, _model: bytes) -> Any:
        raise MemoryError

    monkeypatch.setattr(Runtime, "interpreter", too_large)
    with pytest.raises(UsageError, match="golden interpreter can run: it is too large"):
        find_runtime().open(shipped_model("ad"))
