"""A ``.tflite`` model as C: constants, kernel parameters, the list of layers, the arena."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benches.build.arena import Plan, plan_arena, widest_moment
from benches.build.blocks import widen_blocks
from benches.build.layers import Constant, Layer, Scratch, Value
from benches.build.lifetimes import owners_of, scratch_name, tensor_lifetimes
from benches.build.lower import lower_model
from benches.build.model import Model, Tensor, read_model
from benches.build.optimize import optimize_layer
from emulator.errors import ImageError

C_TYPES = {"int8": "int8_t", "int16": "int16_t", "int32": "int32_t"}
ITEMS_PER_LINE = 24
INT32_MINIMUM = -(1 << 31)
KERNEL_SETS = ("reference", "optimized")


@dataclass(frozen=True, slots=True)
class Network:
    """What the generator made of a model."""

    source: str  # the C file
    arena_bytes: int
    constant_bytes: int
    layers: tuple[Layer, ...]
    model: Model


def generate(path: Path, kernels: str) -> Network:
    """Read a model and write its C for one of :data:`KERNEL_SETS`.

    Raises :class:`ImageError` when the model can't run here.
    """
    model = read_model(path)
    try:
        return _network(model, kernels)
    except ImageError as error:
        raise ImageError(error.what, where=model.file, next_step=error.next_step) from error
    except (LookupError, ValueError, ArithmeticError, AssertionError) as error:
        raise ImageError(f"damaged: {type(error).__name__}: {error}", where=model.file) from error


def _network(model: Model, kernels: str) -> Network:
    layers = lower_model(model)
    if kernels == "optimized":
        layers = widen_blocks(model, [optimize_layer(layer) for layer in layers])
    plan = plan_arena(tensor_lifetimes(model, layers))
    writer = _Writer(model, layers, plan, kernels)
    source = writer.write()
    return Network(source, plan.size_bytes, writer.constant_bytes, tuple(layers), model)


def check_arena(network: Network, room_bytes: int, region: str) -> None:
    """Raise :class:`ImageError` when the arena is larger than ``room_bytes``.

    Names the layer that needs most and its largest tensor.
    """
    if network.arena_bytes <= room_bytes:
        return
    layer_number, alive = widest_moment(tensor_lifetimes(network.model, network.layers))
    parts = ", ".join(f"{b.name} {b.size_bytes} bytes" for b in alive[:3])
    raise ImageError(
        f"the tensor arena takes {network.arena_bytes} bytes, but {region} has room for {room_bytes};"
        f" operator {layer_number} {network.layers[layer_number].operator} needs most: {parts}",
        where=network.model.file,
        next_step="choose a board with more RAM or a smaller network",
    )


# -- writing C -----------------------------------------------------------------------------
class _Writer:
    def __init__(self, model: Model, layers: Sequence[Layer], plan: Plan, kernels: str) -> None:
        self.model = model
        self.layers = layers
        self.plan = plan
        self.kernels = kernels
        self.owners = owners_of(layers)
        self.constant_bytes = 0
        self.lines: list[str] = []

    def write(self) -> str:
        """Return the whole C file."""
        self.lines = [
            f"/* Written by boardless build from {self.model.file} (sha256 {self.model.sha256}). */",
            '#include "kernels/kernels.h"',
            '#include "kernels/optimized/optimized.h"',
            '#include "runtime/network.h"',
            "",
            f"static uint8_t arena[{max(self.plan.size_bytes, 1)}]"
            ' __attribute__((section(".noinit"), aligned(16)));',
            "",
        ]
        for number, layer in enumerate(self.layers):
            self._layer(number, layer)
        self._table()
        self._end("network_input", self.model.inputs[0])
        self._end("network_output", self.model.outputs[0])
        self._description()
        return "\n".join(self.lines) + "\n"

    def _layer(self, number: int, layer: Layer) -> None:
        members = []
        for name, value in layer.fields.items():
            if isinstance(value, Tensor) and value.data is not None:
                text = self._constant(f"layer_{number}_{name}", Constant(value.data))
            elif isinstance(value, Constant):
                text = self._constant(f"layer_{number}_{name}", value)
            elif isinstance(value, Scratch):
                text = f"(void *)(arena + {self.plan.offsets[scratch_name(number, name)]})"
            else:
                text = self._value(value)
            members.append(f"    .{name} = {text},")
        shape = "x".join(map(str, layer.output.shape))
        self.lines += [
            f"/* {number}: {layer.operator} to {shape}, {layer.macs} multiply-accumulates */",
            f"static const struct {layer.struct} layer_{number} = {{",
            *members,
            "};",
            "",
        ]

    def _value(self, value: Value) -> str:
        if value is None:
            return "0"
        if isinstance(value, tuple):
            return "{" + ", ".join(self._value(part) for part in value) + "}"
        if isinstance(value, Tensor):
            return f"(void *)(arena + {self._offset(value)})"
        if isinstance(value, float):
            return float(value).hex() + "f"
        return str(value)

    def _offset(self, tensor: Tensor) -> int:
        owner = self.owners.get(tensor.index, tensor)
        return self.plan.offsets[str(owner)]

    def _constant(self, name: str, constant: Constant) -> str:
        data = constant.data.reshape(-1)
        self.constant_bytes += data.nbytes
        items = [str(n) if n != INT32_MINIMUM else "INT32_MIN" for n in data.tolist()]
        kind = C_TYPES[data.dtype.name]
        if constant.struct:
            kind = f"struct {constant.struct}"
            width = constant.data.shape[1]
            items = ["{" + ",".join(items[i : i + width]) + "}" for i in range(0, len(items), width)]
        self.lines.append(f"static const {kind} {name}[{len(items)}] __attribute__((aligned(8))) = {{")
        for start in range(0, len(items), ITEMS_PER_LINE):
            self.lines.append("    " + ",".join(items[start : start + ITEMS_PER_LINE]) + ",")
        self.lines.append("};")
        return name

    def _table(self) -> None:
        self.lines.append("const struct layer network_layers[] = {")
        for number, layer in enumerate(self.layers):
            self.lines.append(
                f"    {{{layer.kernel}, &layer_{number}, arena + {self._offset(layer.output)},"
                f" {layer.output.size_bytes}}},"
            )
        self.lines += ["};", f"const uint32_t network_layer_count = {len(self.layers)};", ""]

    def _end(self, name: str, tensor: Tensor) -> None:
        if tensor.type not in ("int8", "float32"):
            raise ImageError(
                f"{name.removeprefix('network_')} {tensor}, {tensor.size_bytes} bytes, is {tensor.type};"
                " int8 or float32 is needed",
                where=self.model.file,
            )
        scale = float(tensor.scales[0]) if tensor.scales.size else 1.0
        zero_point = int(tensor.zero_points[0]) if tensor.zero_points.size else 0
        self.lines += [
            f"const struct tensor {name} = {{arena + {self._offset(tensor)}, {tensor.elements},"
            f" TENSOR_{tensor.type.upper()}, {scale.hex()}f, {zero_point}}};",
            "",
        ]

    def _description(self) -> None:
        """Put a description of the layers, as JSON, into a section that is not loaded."""
        text = json.dumps(describe(self.model, self.layers, self.plan.size_bytes, self.kernels))
        self.lines += [
            '__asm__(".pushsection .boardless.network, \\"\\", %progbits\\n"',
            *(
                f'        "{_quoted(".ascii " + json.dumps(text[start : start + 80]))}\\n"'
                for start in range(0, len(text), 80)
            ),
            '        ".popsection");',
        ]


def _quoted(text: str) -> str:
    """Escape text for the inside of a C string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def describe(model: Model, layers: Sequence[Layer], arena_bytes: int, kernels: str) -> dict[str, object]:
    """Describe a network for tools: what each layer is, by the index that the markers carry."""
    return {
        "model": model.file,
        "model_sha256": model.sha256,
        "kernels": kernels,
        "arena_bytes": arena_bytes,
        "layers": [
            {
                "operator": layer.operator,
                "kernel": layer.kernel,
                "input_shape": list(layer.inputs[0].shape),
                "output_shape": list(layer.output.shape),
                "output_tensor": layer.output.index,
                "macs": layer.macs,
            }
            for layer in layers
        ],
    }
