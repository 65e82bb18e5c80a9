"""Accuracy of an int8 ``.tflite`` on labelled samples, with the reference kernels of tflite-runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tflite_runtime.interpreter import Interpreter, OpResolverType

from benches.synthetic import Sample
from firmware.models import datasets


def open_model(path: Path) -> Interpreter:
    """Return an interpreter with the reference kernels (BUILTIN_REF) for the model at ``path``."""
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    return interpreter


def run(interpreter: Interpreter, codes: np.ndarray) -> np.ndarray:
    """Return the int8 output for one int8 input without batch axis."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], codes[np.newaxis])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def top1(path: Path, benchmark: str, samples: Sequence[Sample]) -> float:
    """Return the share of ``samples`` whose highest output is their label (first one wins a tie)."""
    interpreter = open_model(path)
    outputs = [run(interpreter, datasets.device_inputs(benchmark, sample)) for sample in samples]
    hits = [int(np.argmax(output)) == sample.label for output, sample in zip(outputs, samples, strict=True)]
    return float(np.mean(hits))


def recording_score(interpreter: Interpreter, recording: Sample) -> float:
    """Return the mean over a recording's windows of the squared error between float input and output."""
    scale, zero_point = interpreter.get_input_details()[0]["quantization"]
    output_scale, output_zero_point = interpreter.get_output_details()[0]["quantization"]
    errors = []
    for window in datasets.windows(recording):
        codes = np.clip(np.rint(window / scale) + zero_point, -128, 127).astype(np.int8)
        output = (run(interpreter, codes).astype(np.float32) - output_zero_point) * output_scale
        errors.append(np.mean((output - window) ** 2))
    return float(np.mean(errors))


def auc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return the area under the ROC curve: how often a sample of class 1 scores above one of class 0."""
    ones = np.array([score for score, label in zip(scores, labels, strict=True) if label == 1])
    zeros = np.array([score for score, label in zip(scores, labels, strict=True) if label == 0])
    wins = (ones[:, np.newaxis] > zeros).mean() + 0.5 * (ones[:, np.newaxis] == zeros).mean()
    return float(wins)


def quality(path: Path, benchmark: str, samples: Sequence[Sample]) -> float:
    """Return the benchmark's figure of quality on ``samples``: top-1, or for ``ad`` the AUC."""
    if benchmark != "ad":
        return top1(path, benchmark, samples)
    interpreter = open_model(path)
    scores = [recording_score(interpreter, sample) for sample in samples]
    return auc(scores, [sample.label for sample in samples])
