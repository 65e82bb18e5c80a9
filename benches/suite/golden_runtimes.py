"""The TensorFlow Lite interpreter that is installed, made to compute as devices do.

``tflite-runtime`` 2.14 does as it is: its reference kernels (``BUILTIN_REF``) are the arithmetic
that the device's kernels must reproduce bit for bit. Its wheels end with Python 3.11 and want
numpy 1. ``ai-edge-litert`` succeeds it; there one operator is written as another first
(:mod:`benches.suite.dense_as_convolution`), and both give the same bytes.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.build.model import read_model
from emulator.errors import BoardlessError, ImageError, UsageError
from emulator.files import read_bytes
from emulator.installation.requirements import GOLDEN_RUNTIMES, golden_advice


class GoldenUnavailable(BoardlessError):
    """No TensorFlow Lite runtime is installed, or none that computes this model as a device does."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """An installed interpreter. ``name``: for reports, with its version and what is done to models."""

    name: str
    module: Any
    schema: Any = None

    def open(self, model_path: Path, trial: Callable[[bytes], None] = lambda _model: None) -> Any:
        """An ``Interpreter`` with its tensors allocated. ``trial`` gets the model before that.

        Raises :class:`UsageError` for what can't be read or is no model that it can run,
        :class:`GoldenUnavailable` when it would round otherwise than a device.
        """
        content = read_bytes(model_path)
        try:
            read_model(model_path)  # looks for damage, of which tflite-runtime would die
            model = self._model(content)
            trial(model)
            return self.interpreter(model)
        except (ImageError, ValueError, RuntimeError, MemoryError) as error:
            reason = error.what if isinstance(error, ImageError) else (str(error) or "it is too large")
            reason = reason.splitlines()[0]
            raise UsageError(
                f"not a model that the golden interpreter can run: {reason}",
                where=str(model_path),
                next_step="Give a quantized .tflite file.",
            ) from error

    def interpreter(self, model: bytes) -> Any:
        """An ``Interpreter`` of a model that was looked at. Raises ValueError or RuntimeError."""
        interpreter = self.module.Interpreter(
            model_content=model, experimental_op_resolver_type=self.module.OpResolverType.BUILTIN_REF
        )
        interpreter.allocate_tensors()
        return interpreter

    def _model(self, content: bytes) -> bytes:
        if self.schema is None:
            return content
        from benches.suite.dense_as_convolution import (  # noqa: PLC0415 - flatbuffers is of the runtime
            OtherRounding,
            with_convolutions,
        )

        try:
            return with_convolutions(content, self.schema)
        except OtherRounding as error:
            raise GoldenUnavailable(
                f"{error}, and {self.name} rounds it otherwise than a device, so results are not checked",
                next_step="tflite-runtime computes it as it is: Python 3.10 or 3.11 on Linux.",
            ) from error


def find_runtime() -> Runtime:
    """The first of the runtimes that can be imported; raises :class:`GoldenUnavailable`."""
    reasons = []
    for distribution, importer in IMPORTERS.items():
        try:
            version = importlib.metadata.version(distribution)
            return importer(f"{distribution} {version} (BUILTIN_REF)")
        except importlib.metadata.PackageNotFoundError:
            continue
        except ImportError as error:
            reasons.append(f"{distribution} {version} is installed, but can't be imported: {error}")
    reason = "; ".join(reasons) or "no TensorFlow Lite runtime is installed"
    raise GoldenUnavailable(
        f"{reason}, so results are not checked against the golden interpreter", next_step=golden_advice()
    )


def _tflite_runtime(name: str) -> Runtime:
    if int(importlib.metadata.version("numpy").partition(".")[0]) >= 2:
        raise ImportError("it was made for numpy 1, and numpy 2 is installed")
    return Runtime(name, importlib.import_module("tflite_runtime.interpreter"))


def _litert(name: str) -> Runtime:
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    module = importlib.import_module("ai_edge_litert.interpreter")
    return Runtime(f"{name}, FullyConnected as Conv2D", module, schema)


IMPORTERS: dict[str, Callable[[str], Runtime]] = dict(
    zip(GOLDEN_RUNTIMES, (_tflite_runtime, _litert), strict=True)
)
