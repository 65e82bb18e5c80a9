"""Larger blocks for the optimized convolutions, where the arena has room for their patches anyway.

A block's weights are unpacked once: the more pixels share that, the less it costs. The arena is as large
as the network's widest moment needs; the other layers may use what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from benches.build.arena import aligned, plan_arena
from benches.build.layers import Layer, Scratch
from benches.build.lifetimes import tensor_lifetimes
from benches.build.model import Model
from benches.build.optimize import COLUMNS_BYTES, block_pixels

CONVOLUTION = "kernel_packed_conv_2d"
STEP_BYTES = 1024


def widen_blocks(model: Model, layers: Sequence[Layer]) -> list[Layer]:
    """Give every packed convolution the largest block with which the arena does not grow."""
    layers = list(layers)
    size_bytes = _arena_bytes(model, layers)
    for number, layer in enumerate(layers):
        if layer.kernel != CONVOLUTION:
            continue
        for columns_bytes in range(
            _room_bytes(model, layers, number, size_bytes), COLUMNS_BYTES, -STEP_BYTES
        ):
            layers[number] = _with_columns(layer, columns_bytes)
            if _arena_bytes(model, layers) <= size_bytes:
                break
            layers[number] = layer
    return layers


def _arena_bytes(model: Model, layers: Sequence[Layer]) -> int:
    return plan_arena(tensor_lifetimes(model, layers)).size_bytes


def _room_bytes(model: Model, layers: Sequence[Layer], number: int, size_bytes: int) -> int:
    """What the arena could give to a layer's patches, if all else at that moment lay close together."""
    alive = sum(
        aligned(buffer.size_bytes)
        for buffer in tensor_lifetimes(model, layers)
        if buffer.first <= number <= buffer.last
    )
    columns = layers[number].fields["columns"]
    assert isinstance(columns, Scratch)
    return size_bytes - alive + columns.size_bytes


def _with_columns(layer: Layer, columns_bytes: int) -> Layer:
    shape, patch_size = layer.fields["output_shape"], layer.fields["patch_size"]
    assert isinstance(patch_size, int)
    block = block_pixels(cast("tuple[int, int, int]", shape), patch_size, columns_bytes)
    fields = dict(layer.fields) | {"columns": Scratch(2 * patch_size * block), "block_pixels": block}
    return replace(layer, fields=fields)
