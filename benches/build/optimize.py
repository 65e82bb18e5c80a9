"""Choose the kernels of ``firmware/kernels/optimized`` and lay out their constants.

A layer that does not meet a kernel's conditions keeps its reference kernel, so the choice
never changes a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.build.layers import Constant, Layer, Scratch
from benches.build.quantization import INT8_MAXIMUM, INT8_MINIMUM, multiply_by_quantized_multiplier

ACCUMULATOR_LIMIT = 1 << 30
SHIFT_LIMIT = 22
COLUMNS_BYTES = 8192  # of a convolution's patches
GROUP = 3  # pixels that are multiplied together with DSP (PIXELS_PER_GROUP of conv_2d.h)
LARGEST_BLOCK = 66  # more would save next to nothing
PLANES = 4  # channels that a 3 x 3 depthwise convolution takes apart at a time
PLANES_BYTES = 8192
PLANE_ROW_BYTES = 128  # ROW_BYTES of depthwise_3x3.c
INT8_RANGE = (INT8_MINIMUM, INT8_MAXIMUM)


def optimize_layer(layer: Layer) -> Layer:
    """Give the faster form of a layer, or the layer itself."""
    change = {
        "kernel_conv_2d": _convolution,
        "kernel_depthwise_conv_2d": _depthwise,
        "kernel_fully_connected": _dense,
        "kernel_add": _add,
    }.get(layer.kernel)
    return layer if change is None else change(layer) or layer


def _array(value: Any) -> NDArray[Any]:
    assert isinstance(value, Constant)
    return value.data


def _padded(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple


@dataclass(frozen=True, slots=True)
class _Reach:
    """Least and largest accumulator of each channel, over every possible int8 input."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]


def _reach(bias: NDArray[Any], weights: NDArray[Any], low: int, high: int) -> _Reach:
    """Bound sums of ``weights`` (channel by tap) times inputs of ``low`` to ``high``."""
    above, below = np.maximum(weights, 0).sum(axis=1), np.minimum(weights, 0).sum(axis=1)
    return _Reach(bias + above * low + below * high, bias + above * high + below * low)


@dataclass(frozen=True, slots=True)
class _Rescaling:
    """From an accumulator to an output value."""

    multiplier: int
    shift: int
    offset: int
    clamp: tuple[int, int]

    def output(self, accumulator: int) -> int:
        """Rescale, offset and clamp as the reference kernels do."""
        value = multiply_by_quantized_multiplier(accumulator, self.multiplier, self.shift) + self.offset
        return min(max(value, self.clamp[0]), self.clamp[1])


def _channel(bias: int, low: int, high: int, rescaling: _Rescaling) -> tuple[int, int, int, int] | None:
    """Make one ``struct channel``, or None when its arithmetic does not fit.

    A channel whose output can't change gets that output as its rounding constant: pruned
    channels come with scales so small that nothing else would fit.
    """
    in_words = low >= -(1 << 31) and high < 1 << 31
    constant = rescaling.output(low)
    if in_words and constant == rescaling.output(high):
        return 0, 0, 2 * constant + 1, 1
    shift = -rescaling.shift
    if max(-low, high) >= ACCUMULATOR_LIMIT or not 1 <= shift <= SHIFT_LIMIT:
        return None
    return bias, rescaling.multiplier, (1 << (shift - 1)) + (rescaling.offset << shift), shift


def _channels(bias: NDArray[Any], fields: Mapping[str, Any], reach: _Reach, count: int) -> Constant | None:
    """Make the ``struct channel`` of every channel, padded to ``count``; None when one can't be."""
    multipliers, shifts = _array(fields["multipliers"]), _array(fields["shifts"])
    rows = [
        _channel(
            int(bias[i]),
            int(reach.low[i]),
            int(reach.high[i]),
            _Rescaling(int(multipliers[i]), int(shifts[i]), fields["output_offset"], fields["clamp"]),
        )
        for i in range(len(bias))
    ]
    if None in rows:
        return None
    rows += [(0, 0, 1, 1)] * (count - len(rows))
    return Constant(np.array(rows, dtype=np.int32), struct="channel")


def _fields(layer: Layer, names: str, **more: Any) -> dict[str, Any]:
    return {name: layer.fields[name] for name in names.split()} | more


def _dilated(window: Any) -> bool:
    return bool(window[4] != 1 or window[5] != 1)


def _convolution(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    if _dilated(fields["window"]):
        return None
    weights = _array(fields["weights"])
    count = weights.shape[0]
    rows = weights.reshape(count, -1).astype(np.int64)
    patch, padded = rows.shape[1], _padded(rows.shape[1], 8)
    offset = fields["input_offset"]
    bias = _array(fields["bias"]).astype(np.int64)
    even = _padded(count, 2)
    folded = bias + offset * rows.sum(axis=1)
    channels = _channels(folded, fields, _reach(folded, rows, *INT8_RANGE), even)
    if channels is None:
        return None
    laid_out = np.zeros((even, padded), dtype=np.int8)
    laid_out[:count, :patch] = rows
    block = block_pixels(fields["output_shape"], padded, COLUMNS_BYTES)
    return replace(
        layer,
        kernel="kernel_packed_conv_2d",
        struct="packed_convolution",
        fields=_fields(
            layer,
            "input output input_shape output_shape window clamp",
            weights=Constant(laid_out),
            channels=channels,
            columns=Scratch(2 * padded * block),
            rows=Scratch(2 * padded * 2),
            patch=Scratch(padded),
            patch_size=padded,
            block_pixels=block,
            input_zero_point=-offset,
        ),
    )


def block_pixels(output_shape: tuple[int, int, int], patch_size: int, columns_bytes: int) -> int:
    """Pixels whose patches are gathered at a time: blocks of one size, in as few as fit ``columns_bytes``.

    At least one group of :data:`GROUP`, at most :data:`LARGEST_BLOCK`.
    """
    height, width, _ = output_shape
    most = max(GROUP, min(LARGEST_BLOCK, columns_bytes // (2 * patch_size)) // GROUP * GROUP)
    blocks = -(-height * width // most)
    return _padded(-(-height * width // blocks), GROUP)


def _depthwise(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    count = fields["output_shape"][2]
    if _dilated(fields["window"]) or fields["depth_multiplier"] != 1 or count % 4:
        return None
    weights = _array(fields["weights"]).reshape(-1, count)
    bias = _array(fields["bias"]).astype(np.int64)
    offset = fields["input_offset"]
    low, high = (end + offset for end in INT8_RANGE)
    reach = _reach(bias, weights.T.astype(np.int64), min(low, 0), max(high, 0))  # padding is 0
    channels = _channels(bias, fields, reach, count)
    if channels is None:
        return None
    by_fours = weights.reshape(-1, count // 4, 4).transpose(1, 0, 2)
    return replace(
        layer,
        kernel="kernel_packed_depthwise_conv_2d",
        struct="packed_depthwise",
        fields=_fields(
            layer,
            "input output input_shape output_shape window input_offset clamp",
            weights=Constant(np.ascontiguousarray(by_fours)),
            channels=channels,
            **_planes(fields, 2 * weights.size),
        ),
    )


def _planes(fields: Mapping[str, Any], taps_bytes: int) -> dict[str, Any]:
    """Choose how many output rows of a 3 x 3 window are done at a time, and size the planes for them."""
    (filter_h, filter_w, stride_h, stride_w, *_) = fields["window"]
    height, width, _ = fields["output_shape"]
    needed = (_padded(width, 2) - 1) * stride_w + 3
    plane_width = _padded(max(needed, fields["window"][7] + fields["input_shape"][1]), 2)
    words_aligned = stride_w == 1 or stride_w % 2 == 0
    if (filter_h, filter_w) != (3, 3) or not words_aligned or 2 * plane_width > PLANE_ROW_BYTES:
        return {"taps": Scratch(taps_bytes), "band_rows": 0, "plane_rows": 0, "plane_width": 0}
    most = (PLANES_BYTES // (PLANES * PLANE_ROW_BYTES) - filter_h) // stride_h + 1
    band = min(height, most)
    rows = (band - 1) * stride_h + filter_h
    return {
        "taps": Scratch(max(taps_bytes, rows * PLANES * PLANE_ROW_BYTES)),
        "band_rows": band,
        "plane_rows": rows,
        "plane_width": plane_width,
    }


def _dense(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    weights = _array(fields["weights"]).astype(np.int64)
    outputs, inputs = weights.shape
    if fields["batches"] != 1:
        return None
    padded_outputs, padded_inputs = _padded(outputs, 4), _padded(inputs, 4)
    bias = _array(fields["bias"]).astype(np.int64)
    offset = fields["input_offset"]
    folded = bias + offset * weights.sum(axis=1)
    reach = _reach(folded, weights, *INT8_RANGE)
    shift = -fields["shift"]
    if max(-reach.low.min(), reach.high.max()) >= ACCUMULATOR_LIMIT or not 1 <= shift <= SHIFT_LIMIT:
        return None
    rounding = (1 << (shift - 1)) + (fields["output_offset"] << shift)
    biases = np.zeros(padded_outputs, dtype=np.int32)
    biases[:outputs] = folded
    whole = np.zeros((padded_outputs, padded_inputs), dtype=np.int8)
    whole[:outputs, :inputs] = weights
    blocks = whole.reshape(padded_outputs // 4, 4, padded_inputs // 4, 4).transpose(0, 2, 1, 3)
    return replace(
        layer,
        kernel="kernel_packed_fully_connected",
        struct="packed_dense",
        fields=_fields(
            layer,
            "input output inputs outputs clamp",
            weights=Constant(np.ascontiguousarray(blocks)),
            biases=Constant(biases),
            channel=(0, fields["multiplier"], rounding, shift),
            column=Scratch(2 * padded_inputs),
            padded_inputs=padded_inputs,
        ),
    )


def _add(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    shifts = [-fields[name] for name in ("shift_1", "shift_2", "output_shift")]
    if not all(0 <= shift <= SHIFT_LIMIT for shift in shifts) or shifts[2] < 1:
        return None
    rounding = (1 << (shifts[2] - 1)) + (fields["output_offset"] << shifts[2])
    return replace(
        layer,
        kernel="kernel_packed_add",
        struct="packed_add",
        fields=_fields(
            layer,
            "input_1 input_2 output elements offset_1 offset_2 multiplier_1 multiplier_2 clamp",
            shift_1=shifts[0],
            shift_2=shifts[1],
            sum=(0, fields["output_multiplier"], rounding, shifts[2]),
        ),
    )
