"""What a model must be to run here; each failure names the operator, the tensor and its size."""

from __future__ import annotations

from benches.build.model import ACTIVATIONS, Model, Operator, Tensor
from emulator.errors import ImageError

SUPPORTED_ACTIVATIONS = ("none", "relu", "relu6", "relu_n1_to_1")
QUANTIZE_HINT = (
    "convert it with full integer quantization: a representative data set,"
    " supported_ops = [TFLITE_BUILTINS_INT8], int8 inputs and outputs"
)


def input_tensor(operator: Operator, position: int) -> Tensor:
    """Input ``position`` of an operator; raises when it was left out."""
    tensor = operator.inputs[position] if position < len(operator.inputs) else None
    if tensor is None:
        raise ImageError(f"{operator}: input {position} is missing")
    return tensor


def int8_tensor(operator: Operator, tensor: Tensor) -> Tensor:
    """Check that a tensor is int8 with one scale, and give it back."""
    if tensor.type in ("float32", "float16"):
        raise ImageError(
            f"{operator}: {tensor}, {tensor.size_bytes} bytes, is float; the kernels are int8",
            next_step=QUANTIZE_HINT,
        )
    if tensor.type != "int8":
        raise ImageError(
            f"{operator}: {tensor}, {tensor.size_bytes} bytes, is {tensor.type}; the kernels are int8",
            next_step=QUANTIZE_HINT,
        )
    if tensor.scales.size != 1 or tensor.zero_points.size != 1:
        raise ImageError(f"{operator}: {tensor} has {tensor.scales.size} scales where one is needed")
    return tensor


def float_tensor(operator: Operator, tensor: Tensor) -> Tensor:
    """Check that a tensor is float32, and give it back."""
    if tensor.type != "float32":
        raise ImageError(f"{operator}: {tensor} is {tensor.type} where float32 is needed")
    return tensor


def constant_tensor(operator: Operator, position: int, kind: str) -> Tensor:
    """Check that input ``position`` is a constant of type ``kind``, and give it back."""
    tensor = input_tensor(operator, position)
    if tensor.data is None:
        raise ImageError(f"{operator}: {tensor} must be a constant")
    if tensor.type != kind:
        raise ImageError(
            f"{operator}: {tensor}, {tensor.size_bytes} bytes, is {tensor.type} where {kind} is needed",
            next_step=QUANTIZE_HINT if "float" in tensor.type else "",
        )
    return tensor


def weights_tensor(operator: Operator, channels: int, dimension: int) -> Tensor:
    """Check the weights of a convolution: int8, symmetric, one scale or one per output channel."""
    tensor = constant_tensor(operator, 1, "int8")
    if tensor.zero_points.any():
        raise ImageError(f"{operator}: {tensor} has zero points other than 0; weights must be symmetric")
    count = tensor.scales.size
    if count not in (1, channels) or (count > 1 and tensor.quantized_dimension != dimension):
        raise ImageError(
            f"{operator}: {tensor} has {count} scales along dimension {tensor.quantized_dimension};"
            f" needed are 1, or {channels} along dimension {dimension}"
        )
    return tensor


def dense_weights_tensor(operator: Operator) -> Tensor:
    """Check the weights of a dense layer: int8, symmetric, one scale."""
    tensor = constant_tensor(operator, 1, "int8")
    if tensor.scales.size != 1:
        raise ImageError(
            f"{operator}: {tensor}, {tensor.size_bytes} bytes, is quantized per channel"
            f" ({tensor.scales.size} scales); dense layers need one scale",
            next_step="convert with converter._experimental_disable_per_channel_quantization_for_dense_layers"
            " = True",
        )
    if tensor.zero_points.any():
        raise ImageError(f"{operator}: {tensor} has a zero point other than 0; weights must be symmetric")
    if operator.integer("weights_format") != 0:
        raise ImageError(f"{operator}: {tensor} is stored shuffled; only the default format is supported")
    return tensor


def activation(operator: Operator) -> str:
    """Name of the fused activation; raises for one that int8 kernels don't have."""
    number = operator.integer("activation")
    name = ACTIVATIONS.get(number, f"number {number}")
    if name not in SUPPORTED_ACTIVATIONS:
        raise ImageError(f"{operator}: fused activation {name} is not supported",
                         next_step=f"supported: {', '.join(SUPPORTED_ACTIVATIONS)}")  # fmt: skip
    return name


def image_shape(operator: Operator, tensor: Tensor) -> tuple[int, int, int]:
    """Height, width and channels of an NHWC tensor of one image."""
    if len(tensor.shape) != 4 or tensor.shape[0] != 1:
        raise ImageError(f"{operator}: {tensor} must have the shape 1 x height x width x channels")
    return tensor.shape[1], tensor.shape[2], tensor.shape[3]


def check_graph(model: Model) -> None:
    """One input, one output, and operators that read only what exists by then."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ImageError(
            f"has {len(model.inputs)} inputs and {len(model.outputs)} outputs; one of each is supported"
        )
    made = {t.index for t in model.inputs} | {t.index for t in model.tensors if _is_constant(t)}
    for operator in model.operators:
        if len(operator.outputs) != 1:
            raise ImageError(f"{operator} has {len(operator.outputs)} outputs; one is supported")
        for tensor in operator.inputs:
            if tensor is not None and tensor.index not in made:
                raise ImageError(f"{operator}: {tensor} is read before any operator makes it")
        made.add(operator.outputs[0].index)
    if model.outputs[0].index not in made or _is_constant(model.outputs[0]):
        raise ImageError(f"no operator makes the output {model.outputs[0]}")


def _is_constant(tensor: Tensor) -> bool:
    return tensor.data is not None
