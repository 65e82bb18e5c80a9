"""Quantization parameters as TensorFlow Lite computes them, in the same floats and doubles.

Sources: TensorFlow Lite 2.14, ``kernels/internal/quantization_util.cc`` and
``kernels/kernel_util.cc``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

INT8_MINIMUM, INT8_MAXIMUM = -128, 127
SOFTMAX_INTEGER_BITS = 5


def round_half_away(value: float) -> int:
    """Round as C's ``round`` does."""
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Split a factor into (multiplier in [2^30, 2^31), shift): real = multiplier * 2^(shift - 31)."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def quantize_multipliers(reals: Iterable[float]) -> tuple[list[int], list[int]]:
    """Split each factor; returns the multipliers and the shifts."""
    pairs = [quantize_multiplier(float(real)) for real in reals]
    return [multiplier for multiplier, _ in pairs], [shift for _, shift in pairs]


def multiply_by_quantized_multiplier(value: int, multiplier: int, shift: int) -> int:
    """Rescale an accumulator as the kernels do (double rounding), in whole numbers."""
    left, right = max(shift, 0), max(-shift, 0)
    product = ((value << left) * multiplier + (1 << 30)) >> 31
    half = (1 << right) >> 1
    return (product + half - (1 if product < 0 and right else 0)) >> right


def convolution_factors(
    input_scale: np.float32, weight_scales: NDArray[np.float32], output_scale: np.float32, channels: int
) -> list[float]:
    """Factors of a convolution, one per output channel, computed in double."""
    scales = weight_scales if weight_scales.size > 1 else np.repeat(weight_scales, channels)
    return [float(input_scale) * float(scale) / float(output_scale) for scale in scales]


def fully_connected_factor(
    input_scale: np.float32, weight_scale: np.float32, output_scale: np.float32
) -> float:
    """Compute the factor of a dense layer; the product of the first two scales is a float."""
    return float(np.float32(input_scale * weight_scale)) / float(output_scale)


def activation_range(activation: str, scale: np.float32, zero_point: int) -> tuple[int, int]:
    """Smallest and largest int8 that a fused activation lets through."""

    def quantized(value: float) -> int:
        return zero_point + round_half_away(float(np.float32(value) / scale))

    low, high = {
        "none": (INT8_MINIMUM, INT8_MAXIMUM),
        "relu": (quantized(0.0), INT8_MAXIMUM),
        "relu6": (quantized(0.0), quantized(6.0)),
        "relu_n1_to_1": (quantized(-1.0), quantized(1.0)),
    }[activation]
    return max(low, INT8_MINIMUM), min(high, INT8_MAXIMUM)


def softmax_parameters(beta: float, input_scale: np.float32) -> tuple[int, int, int]:
    """Compute multiplier, left shift and the least difference that still counts."""
    limit = (1 << 31) - 1.0
    real = min(beta * float(input_scale) * (1 << (31 - SOFTMAX_INTEGER_BITS)), limit)
    multiplier, shift = quantize_multiplier(real)
    radius = ((1 << SOFTMAX_INTEGER_BITS) - 1) * (1 << (31 - SOFTMAX_INTEGER_BITS)) / (1 << shift)
    return multiplier, shift, -math.floor(radius)
