"""Choose the kernels of ``firmware/kernels/optimized`` and lay out their constants.

A layer that does not meet a kernel's conditions keeps its reference kernel, so the choice
never changes a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.build.layers import Constant, Layer, Scratch

ACCUMULATOR_LIMIT = 1 << 30
SHIFT_LIMIT = 20
COLUMNS_BYTES = 8192  # of a convolution's patches
LARGEST_BLOCK = 64
INPUT_SPAN = 255  # an int8 minus its zero point is within +-255


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


def _channels(
    bias: NDArray[Any],
    multipliers: NDArray[Any],
    shifts: NDArray[Any],
    reach: NDArray[Any],
    output_offset: int,
    count: int,
) -> Constant | None:
    """Make the ``struct channel`` of every channel, padded to ``count``; None when one can't be.

    ``reach`` bounds how far from 0 each accumulator gets.
    """
    right = -shifts.astype(np.int64)
    if (reach >= ACCUMULATOR_LIMIT).any() or (right < 1).any() or (right > SHIFT_LIMIT).any():
        return None
    rounding = (1 << (right - 1)) + (output_offset << right)
    table = np.stack([bias.astype(np.int64), multipliers.astype(np.int64), rounding, right], axis=1)
    if (np.abs(table[:, 0]) >= ACCUMULATOR_LIMIT).any():
        return None
    rest = np.repeat([[0, 1 << 30, 1, 1]], count - len(table), axis=0)
    return Constant(np.concatenate([table, rest]).astype(np.int32))


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
    patch, padded = rows.shape[1], _padded(rows.shape[1], 4)
    offset = fields["input_offset"]
    bias = _array(fields["bias"]).astype(np.int64)
    even = _padded(count, 2)
    channels = _channels(
        bias + offset * rows.sum(axis=1),
        _array(fields["multipliers"]),
        _array(fields["shifts"]),
        np.abs(bias) + INPUT_SPAN * 2 * np.abs(rows).sum(axis=1),
        fields["output_offset"],
        even,
    )
    if channels is None:
        return None
    laid_out = np.zeros((even, padded), dtype=np.int8)
    laid_out[:count, :patch] = rows
    height, width, _ = fields["output_shape"]
    pixels = _padded(height * width, 2)
    block = max(2, min(LARGEST_BLOCK, COLUMNS_BYTES // (2 * padded), pixels) // 2 * 2)
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


def _depthwise(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    count = fields["output_shape"][2]
    if _dilated(fields["window"]) or fields["depth_multiplier"] != 1 or count % 4:
        return None
    weights = _array(fields["weights"]).reshape(-1, count)
    bias = _array(fields["bias"]).astype(np.int64)
    channels = _channels(
        bias,
        _array(fields["multipliers"]),
        _array(fields["shifts"]),
        np.abs(bias) + INPUT_SPAN * np.abs(weights.astype(np.int64)).sum(axis=0),
        fields["output_offset"],
        count,
    )
    if channels is None:
        return None
    return replace(
        layer,
        kernel="kernel_packed_depthwise_conv_2d",
        struct="packed_depthwise",
        fields=_fields(
            layer,
            "input output weights input_shape output_shape window input_offset clamp",
            channels=channels,
            taps=Scratch(2 * weights.size),
        ),
    )


def _dense(layer: Layer) -> Layer | None:
    fields: Mapping[str, Any] = layer.fields
    weights = _array(fields["weights"]).astype(np.int64)
    outputs, inputs = weights.shape
    if fields["batches"] > 1 and inputs % 4:
        return None
    padded_outputs, padded_inputs = _padded(outputs, 4), _padded(inputs, 4)
    bias = _array(fields["bias"]).astype(np.int64)
    offset = fields["input_offset"]
    folded = bias + offset * weights.sum(axis=1)
    channels = _channels(
        folded,
        np.full(outputs, fields["multiplier"]),
        np.full(outputs, fields["shift"]),
        np.abs(bias) + INPUT_SPAN * 2 * np.abs(weights).sum(axis=1),
        fields["output_offset"],
        padded_outputs,
    )
    if channels is None:
        return None
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
            "input output batches inputs outputs clamp",
            weights=Constant(np.ascontiguousarray(blocks)),
            biases=Constant(biases),
            channel=(0, *(int(n) for n in channels.data[0, 1:])),
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
