"""The golden interpreter: what a model's outputs should be, and how printed results compare.

The runtime (:mod:`benches.suite.golden_runtimes`) is imported only when it is asked for; where
there is none there is no golden figure, and the report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benches.suite.benchmarks import Benchmark, InputKind
from benches.suite.golden_runtimes import GoldenUnavailable, find_runtime
from benches.suite.golden_trial import try_model
from emulator.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Comparison", "GoldenInterpreter", "GoldenUnavailable", "compare"]

PRINTED_DECIMALS = 3
INT8_MIN, INT8_MAX = -128, 127


@dataclass(frozen=True, slots=True)
class Comparison:
    """A printed vector against the golden one.

    ``max_abs_diff`` is in output units (a probability, or a mean squared error), between
    the printed numbers and the golden ones rounded as ``%0.3f`` does; None when there are
    more or fewer of them than there should be.
    """

    match: bool
    max_abs_diff: float | None


class GoldenInterpreter:
    """One int8 model of one benchmark. ``runtime`` names the interpreter and its version.

    ``known``: it is a model of ours; any other is tried in a process of its own first. Raises
    :class:`UsageError` for a file that is no such model.
    """

    def __init__(self, model_path: Path, benchmark: Benchmark, *, known: bool = False) -> None:
        runtime = find_runtime()
        self.runtime = runtime.name
        self.model_path = model_path
        self._benchmark = benchmark
        if known:
            self._interpreter = runtime.open(model_path)
        else:
            self._interpreter = runtime.open(model_path, lambda model: try_model(model, str(model_path)))
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._check_shapes()

    def outputs(self, data: bytes) -> tuple[float, ...]:
        """The numbers that the device should print for the input ``data``, not yet rounded.

        Class probabilities (dequantized), or for ``ad`` the one mean squared error.
        """
        tensor = self.input_tensor(data)
        self._interpreter.set_tensor(self._input["index"], tensor.reshape(self._input["shape"]))
        self._interpreter.invoke()
        quantized: NDArray[np.int8] = self._interpreter.get_tensor(self._output["index"]).reshape(-1)
        if self._benchmark.input_kind is InputKind.FLOAT32:
            return (self._mean_squared_error(data, quantized),)
        scale, zero_point = self._output["quantization"]
        return tuple((int(code) - zero_point) * scale for code in quantized)

    def input_tensor(self, data: bytes) -> NDArray[np.int8]:
        """The int8 input tensor (flat) that the device makes of ``data``."""
        import numpy as np  # noqa: PLC0415 - heavy, and only the golden check needs it

        if len(data) != self._benchmark.input_bytes:
            raise UsageError(
                f"{self._benchmark.name} takes {self._benchmark.input_bytes} bytes, not {len(data)}"
            )
        if self._benchmark.input_kind is InputKind.INT8:
            return np.frombuffer(data, np.int8)
        if self._benchmark.input_kind is InputKind.UINT8_MINUS_128:
            return (np.frombuffer(data, np.uint8).astype(np.int16) - 128).astype(np.int8)
        scale, zero_point = self._input["quantization"]
        values = np.frombuffer(data, "<f4") / np.float32(scale)
        rounded = np.copysign(np.floor(np.abs(values) + np.float32(0.5)), values)  # C's round()
        codes: NDArray[np.int8] = np.clip(rounded + zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
        return codes

    def _mean_squared_error(self, data: bytes, quantized: NDArray[np.int8]) -> float:
        import numpy as np  # noqa: PLC0415

        scale, zero_point = self._output["quantization"]
        restored = (quantized.astype(np.int32) - zero_point).astype(np.float32) * np.float32(scale)
        difference = restored - np.frombuffer(data, "<f4")
        total = np.float32(0)
        for square in difference * difference:  # one after another, as the device adds them
            total += square
        return float(total / np.float32(difference.size))

    def _check_shapes(self) -> None:
        import numpy as np  # noqa: PLC0415

        per_element = 4 if self._benchmark.input_kind is InputKind.FLOAT32 else 1
        wanted = self._benchmark.input_bytes // per_element
        held = int(np.prod(self._input["shape"]))
        if self._input["dtype"] is not np.int8 or self._output["dtype"] is not np.int8 or held != wanted:
            raise UsageError(
                f"the model takes {held} values of {np.dtype(self._input['dtype'])}; "
                f"{self._benchmark.name} needs {wanted} of int8",
                where=str(self.model_path),
                next_step="Give the int8 model that the image was built from.",
            )


def compare(
    printed: Sequence[float], golden: Sequence[float], tolerance: float, decimals: int = PRINTED_DECIMALS
) -> Comparison:
    """Compare what was printed with ``decimals`` decimals to the golden numbers.

    A number matches when it is the golden one rounded (``%0.3f``), or cut off after its last
    decimal: small C libraries cut (published boards print 0.003 for 1/256), and the steps of
    an int8 output are wider than that. ``tolerance`` widens it in output units.
    """
    if len(printed) != len(golden):
        return Comparison(match=False, max_abs_diff=None)
    steps = float(10**decimals)
    differences = []
    match = True
    for shown, wanted in zip(printed, golden, strict=True):
        differences.append(abs(shown - round(wanted, decimals)))
        cut = int(wanted * steps) / steps
        match = match and min(differences[-1], abs(shown - cut)) <= tolerance + 1e-9
    return Comparison(match, max_abs_diff=round(max(differences, default=0.0), 9))
