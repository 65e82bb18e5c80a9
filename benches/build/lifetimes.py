"""From which layer to which layer a tensor or a kernel's working memory must be kept."""

from __future__ import annotations

from collections.abc import Sequence

from benches.build.arena import Lifetime
from benches.build.layers import Layer, Scratch
from benches.build.model import Model, Tensor


def owners_of(layers: Sequence[Layer]) -> dict[int, Tensor]:
    """Map a tensor's index to the tensor in whose memory it lies (a reshape moves nothing)."""
    owners: dict[int, Tensor] = {}
    for layer in layers:
        for tensor in layer.inputs:
            owners.setdefault(tensor.index, tensor)
        same = layer.aliases_input and layer.inputs[0].data is None
        owners[layer.output.index] = owners[layer.inputs[0].index] if same else layer.output
    return owners


def scratch_name(number: int, field: str) -> str:
    """Name a kernel's working memory."""
    return f"{field} of layer {number}"


def tensor_lifetimes(model: Model, layers: Sequence[Layer]) -> list[Lifetime]:
    """List every buffer of the arena.

    The network's input lives to the end, so that a second inference finds it unharmed.
    """
    owners = owners_of(layers)
    last = len(layers) - 1
    spans: dict[int, list[int]] = {owners.get(t.index, t).index: [0, last] for t in model.inputs}
    for number, layer in enumerate(layers):
        for tensor in (*layer.inputs, layer.output):
            if tensor.data is None:
                spans.setdefault(owners[tensor.index].index, [number, number])[1] = number
    for tensor in model.outputs:
        spans[owners[tensor.index].index][1] = last
    for tensor in model.inputs:
        spans[owners.get(tensor.index, tensor).index] = [0, last]
    buffers = [
        Lifetime(str(model.tensors[i]), model.tensors[i].size_bytes, first, end)
        for i, (first, end) in spans.items()
    ]
    return buffers + [
        Lifetime(scratch_name(number, name), value.size_bytes, number, number)
        for number, layer in enumerate(layers)
        for name, value in layer.fields.items()
        if isinstance(value, Scratch)
    ]
