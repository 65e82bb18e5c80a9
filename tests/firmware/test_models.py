"""The shipped models: the reference topologies, int8, and good at what the shipped inputs ask."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benches import synthetic
from benches.suite import benchmarks
from benches.suite.golden_runtimes import find_runtime
from benches.suite.input_files import read_labels
from firmware.models import evaluate, wake_word

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL_NAMES = {
    "kws": "kws_ref_model.tflite",
    "vww": "vww_96_int8.tflite",
    "ic": "pretrainedResnet_quant.tflite",
    "ad": "ad01_int8.tflite",
    "sww": "str_ww_ref_model.tflite",
}
CLASSIFIER_END = ["AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
SEPARABLE = ["DEPTHWISE_CONV_2D", "CONV_2D"]
OPERATORS = {
    "kws": ["CONV_2D", *SEPARABLE * 4, *CLASSIFIER_END],
    "vww": ["CONV_2D", *SEPARABLE * 13, *CLASSIFIER_END],
    "ic": [
        "CONV_2D",
        *["CONV_2D", "CONV_2D", "ADD"],
        *["CONV_2D", "CONV_2D", "CONV_2D", "ADD"] * 2,
        *CLASSIFIER_END,
    ],
    "ad": ["FULLY_CONNECTED"] * 10,
    "sww": [*SEPARABLE * 4, "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"],
}
MULTIPLY_ACCUMULATES = {"kws": 2_656_768, "vww": 7_489_664, "ic": 12_501_632, "ad": 264_192, "sww": 826_368}
LEAST_QUALITY = {"kws": 0.90, "vww": 0.90, "ic": 0.90, "ad": 0.85}

Layer = tuple[str, list[Any], list[Any]]


@pytest.fixture(params=[*synthetic.BENCHMARKS, "sww"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def shipped_model(name: str) -> Path:
    return ROOT / "firmware" / "models" / f"{name}.tflite"


def layers(path: Path) -> list[Layer]:
    """Each operator's name and the details of its input and output tensors."""
    module = find_runtime().module  # the model as it is: nothing rewritten, nothing delegated
    resolver = module.OpResolverType.BUILTIN_REF
    interpreter = module.Interpreter(str(path), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    tensors = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    return [
        (
            operator["op_name"],
            [tensors[index] for index in operator["inputs"]],
            [tensors[index] for index in operator["outputs"]],
        )
        for operator in interpreter._get_ops_details()
    ]


def multiply_accumulates(layer: Layer) -> int:
    operator, inputs, outputs = layer
    if operator not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
        return 0
    per_output = math.prod(inputs[1]["shape"][1:])
    if operator == "DEPTHWISE_CONV_2D":
        per_output //= inputs[1]["shape"][3]
    return math.prod(outputs[0]["shape"]) * int(per_output)


def test_has_the_reference_operators(name: str) -> None:
    assert [layer[0] for layer in layers(shipped_model(name))] == OPERATORS[name]


def test_does_the_reference_work(name: str) -> None:
    total = sum(multiply_accumulates(layer) for layer in layers(shipped_model(name)))
    assert total == MULTIPLY_ACCUMULATES[name]


def test_is_int8_throughout_and_dense_is_per_tensor(name: str) -> None:
    for operator, inputs, outputs in layers(shipped_model(name)):
        assert outputs[0]["dtype"] is np.int8
        assert inputs[0]["dtype"] is np.int8
        if operator == "FULLY_CONNECTED":
            assert len(inputs[1]["quantization_parameters"]["scales"]) == 1
        elif operator.endswith("CONV_2D"):
            channels = outputs[0]["shape"][-1]
            assert len(inputs[1]["quantization_parameters"]["scales"]) == channels


@pytest.mark.parametrize(
    ("name", "scale", "zero_point"),
    [("kws", 0.5, 64), ("vww", 1 / 255, -128), ("ic", 1.0, -128), ("sww", wake_word.INPUT_SCALE, -128)],
)
def test_input_range_is_the_documented_one(name: str, scale: float, zero_point: int) -> None:
    first_input = layers(shipped_model(name))[0][1][0]
    assert first_input["quantization"] == (pytest.approx(scale), zero_point)


def test_matches_the_official_model_layer_by_layer(name: str, reference_data: Path) -> None:
    official = reference_data / "models" / OFFICIAL_NAMES[name]
    ours, theirs = layers(shipped_model(name)), layers(official)

    def shapes(found: list[Layer]) -> list[Any]:
        return [
            (operator, [tensor["shape"].tolist() for tensor in inputs + outputs])
            for operator, inputs, outputs in found
        ]

    assert shapes(ours) == shapes(theirs)
    assert shipped_model(name).stat().st_size == pytest.approx(official.stat().st_size, rel=0.15)


@pytest.mark.parametrize("name", synthetic.BENCHMARKS)
def test_is_good_at_the_shipped_inputs(name: str) -> None:
    kind = benchmarks.find(name)
    files = read_labels(ROOT / "benches" / "inputs" / kind.model_name, kind)
    samples = [synthetic.Sample(file.path.name, file.path.read_bytes(), file.label) for file in files]
    assert evaluate.quality(shipped_model(name), name, samples) >= LEAST_QUALITY[name]


def test_hears_its_word() -> None:
    assert wake_word.quality(shipped_model("sww"), 90, synthetic.TEST_SEED) >= 0.88


def test_clips_are_the_same_whatever_their_number() -> None:
    few, labels = wake_word.clips(4, synthetic.TEST_SEED)
    more, _labels = wake_word.clips(7, synthetic.TEST_SEED)
    assert (more[:4] == few).all()
    assert labels.tolist() == [0, 1, 2, 0]
    assert few.shape == (4, 30, 1, 40)
    assert (wake_word.float_inputs(few).min(), few.min()) == (0.0, -128)
