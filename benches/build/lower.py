"""From a model's operators to layers with the plain kernels of ``firmware/kernels/reference``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benches.build import checks
from benches.build.layers import Constant, Layer, Value
from benches.build.model import PADDINGS, Model, Operator, Tensor
from benches.build.quantization import (
    INT8_MAXIMUM,
    INT8_MINIMUM,
    activation_range,
    convolution_factors,
    fully_connected_factor,
    quantize_multiplier,
    quantize_multipliers,
    softmax_parameters,
)
from emulator.errors import ImageError

ADD_HEADROOM_BITS = 20


def lower_model(model: Model) -> list[Layer]:
    """Lower every operator.

    Raises :class:`ImageError` that names the operator, the tensor and its size when the
    model can't run here.
    """
    checks.check_graph(model)
    return [lower_operator(operator) for operator in model.operators]


def lower_operator(operator: Operator) -> Layer:
    """Lower one operator; raises :class:`ImageError` for an unsupported one."""
    lower = LOWERINGS.get(operator.name)
    if lower is None:
        sizes = ", ".join(f"{t}, {t.size_bytes} bytes" for t in operator.outputs)
        raise ImageError(
            f"{operator} is not supported (it makes {sizes})",
            next_step=f"supported: {', '.join(LOWERINGS)}",
        )
    return lower(operator)


def _clamp(operator: Operator, output: Tensor) -> Value:
    return activation_range(checks.activation(operator), output.scale, output.zero_point)


def _padding(input_size: int, filter_size: int, stride: int, dilation: int, kind: str) -> int:
    """Zeros before the first element; TensorFlow puts the odd one behind the last."""
    if kind == "valid":
        return 0
    output_size = -(-input_size // stride)
    reach = (filter_size - 1) * dilation + 1
    return max(0, (output_size - 1) * stride + reach - input_size) // 2


def _window(
    operator: Operator, image: tuple[int, int, int], filter_h: int, filter_w: int, dilated: bool
) -> Value:
    stride_h, stride_w = operator.integer("stride_h"), operator.integer("stride_w")
    dilation_h = operator.integer("dilation_h") if dilated else 1
    dilation_w = operator.integer("dilation_w") if dilated else 1
    kind = PADDINGS[operator.integer("padding")]
    top = _padding(image[0], filter_h, stride_h, dilation_h, kind)
    left = _padding(image[1], filter_w, stride_w, dilation_w, kind)
    for name, value in (("filter height", filter_h), ("filter width", filter_w), ("stride", stride_h)):
        if not 0 < value < 256:
            raise ImageError(f"{operator}: {name} {value} is outside 1 to 255")
    return (filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w, top, left)


def _bias(operator: Operator, count: int) -> Constant:
    if len(operator.inputs) < 3 or operator.inputs[2] is None:
        return Constant(np.zeros(count, dtype=np.int32))
    data = checks.constant_tensor(operator, 2, "int32").data
    assert data is not None
    return Constant(data.reshape(-1).astype(np.int32))


def _convolution(operator: Operator, *, depthwise: bool) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    image, made = checks.image_shape(operator, source), checks.image_shape(operator, output)
    weights = checks.weights_tensor(operator, made[2], 3 if depthwise else 0)
    filter_h, filter_w, depth = weights.shape[1:]
    if not depthwise and depth != image[2]:
        raise ImageError(f"{operator}: {weights} takes {depth} channels, but {source} has {image[2]}")
    factors = convolution_factors(source.scale, weights.scales, output.scale, made[2])
    multipliers, shifts = quantize_multipliers(factors)
    assert weights.data is not None
    return Layer(
        operator=operator.name,
        kernel="kernel_depthwise_conv_2d" if depthwise else "kernel_conv_2d",
        struct="convolution",
        fields={
            "input": source,
            "output": output,
            "weights": Constant(weights.data),
            "bias": _bias(operator, made[2]),
            "multipliers": Constant(np.array(multipliers, dtype=np.int32)),
            "shifts": Constant(np.array(shifts, dtype=np.int8)),
            "scratch": None,
            "input_shape": image,
            "output_shape": made,
            "window": _window(operator, image, filter_h, filter_w, dilated=True),
            "depth_multiplier": made[2] // image[2] if depthwise else 1,
            "input_offset": -source.zero_point,
            "output_offset": output.zero_point,
            "clamp": _clamp(operator, output),
        },
        inputs=(source,),
        output=output,
        macs=made[0] * made[1] * made[2] * filter_h * filter_w * (1 if depthwise else depth),
    )


def _fully_connected(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    weights = checks.dense_weights_tensor(operator)
    outputs, inputs = weights.shape
    multiplier, shift = quantize_multiplier(fully_connected_factor(source.scale, weights.scale, output.scale))
    assert weights.data is not None
    return Layer(
        operator=operator.name,
        kernel="kernel_fully_connected",
        struct="fully_connected",
        fields={
            "input": source,
            "output": output,
            "weights": Constant(weights.data),
            "bias": _bias(operator, outputs),
            "scratch": None,
            "batches": source.elements // inputs,
            "inputs": inputs,
            "outputs": outputs,
            "multiplier": multiplier,
            "shift": shift,
            "input_offset": -source.zero_point,
            "output_offset": output.zero_point,
            "clamp": _clamp(operator, output),
        },
        inputs=(source,),
        output=output,
        macs=source.elements * outputs,
    )


def _add(operator: Operator) -> Layer:
    first, second = (checks.int8_tensor(operator, checks.input_tensor(operator, i)) for i in (0, 1))
    output = checks.int8_tensor(operator, operator.outputs[0])
    for tensor in (first, second):
        if tensor.data is not None:
            raise ImageError(f"{operator}: {tensor}, {tensor.size_bytes} bytes, is a constant;"
                             " only sums of two computed tensors are supported")  # fmt: skip
        if tensor.shape != output.shape:
            raise ImageError(f"{operator}: {tensor} does not have the shape of {output};"
                             " broadcasting is not supported")  # fmt: skip
    twice = 2.0 * float(max(first.scale, second.scale))
    multiplier_1, shift_1 = quantize_multiplier(float(first.scale) / twice)
    multiplier_2, shift_2 = quantize_multiplier(float(second.scale) / twice)
    multiplier, shift = quantize_multiplier(twice / ((1 << ADD_HEADROOM_BITS) * float(output.scale)))
    return Layer(
        operator=operator.name,
        kernel="kernel_add",
        struct="add",
        fields={
            "input_1": first,
            "input_2": second,
            "output": output,
            "elements": output.elements,
            "offset_1": -first.zero_point,
            "offset_2": -second.zero_point,
            "output_offset": output.zero_point,
            "multiplier_1": multiplier_1,
            "multiplier_2": multiplier_2,
            "output_multiplier": multiplier,
            "shift_1": shift_1,
            "shift_2": shift_2,
            "output_shift": shift,
            "clamp": _clamp(operator, output),
        },
        inputs=(first, second),
        output=output,
    )


def _pool(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    image = checks.image_shape(operator, source)
    filter_h, filter_w = operator.integer("filter_h"), operator.integer("filter_w")
    if source.scale != output.scale or source.zero_point != output.zero_point:
        raise ImageError(f"{operator}: {source} and {output} must be quantized alike")
    return Layer(
        operator=operator.name,
        kernel=f"kernel_{operator.name.lower()}",
        struct="pool",
        fields={
            "input": source,
            "output": output,
            "input_shape": image,
            "output_shape": checks.image_shape(operator, output),
            "window": _window(operator, image, filter_h, filter_w, dilated=False),
            "clamp": _clamp(operator, output),
        },
        inputs=(source,),
        output=output,
    )


def _softmax(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    if float(output.scale) != 1 / 256 or output.zero_point != INT8_MINIMUM:
        raise ImageError(f"{operator}: {output} must have scale 1/256 and zero point -128")
    multiplier, shift, minimum = softmax_parameters(float(operator.options["beta"]), source.scale)
    columns = source.shape[-1]
    return Layer(
        operator=operator.name,
        kernel="kernel_softmax",
        struct="softmax",
        fields={
            "input": source,
            "output": output,
            "rows": source.elements // columns,
            "columns": columns,
            "multiplier": multiplier,
            "shift": shift,
            "difference_minimum": minimum,
        },
        inputs=(source,),
        output=output,
    )


def _reshape(operator: Operator) -> Layer:
    source, output = checks.input_tensor(operator, 0), operator.outputs[0]
    if source.size_bytes != output.size_bytes:
        raise ImageError(f"{operator}: {source} and {output} differ in size")
    return Layer(
        operator=operator.name,
        kernel="kernel_reshape",
        struct="copy",
        fields={"input": source, "output": output, "bytes": output.size_bytes},
        inputs=(source,),
        output=output,
        aliases_input=True,
    )


def _pad(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    paddings = checks.constant_tensor(operator, 1, "int32").data
    rank = len(source.shape)
    if rank > 4:
        raise ImageError(f"{operator}: {source} has {rank} dimensions; at most 4 are supported")
    lead = (1,) * (4 - rank)
    assert paddings is not None
    before = tuple(int(n) for n in paddings.reshape(-1, 2)[:, 0])
    return Layer(
        operator=operator.name,
        kernel="kernel_pad",
        struct="pad",
        fields={
            "input": source,
            "output": output,
            "input_shape": lead + source.shape,
            "output_shape": lead + output.shape,
            "before": (0,) * (4 - rank) + before,
            "value": output.zero_point,
        },
        inputs=(source,),
        output=output,
    )


def _mean(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    axes_data = checks.constant_tensor(operator, 1, "int32").data
    assert axes_data is not None
    rank = len(source.shape)
    axes = sorted({int(axis) % rank for axis in axes_data.reshape(-1)})
    if not axes or axes != list(range(axes[0], axes[-1] + 1)):
        raise ImageError(f"{operator}: axes {axes} of {source} are not next to each other")
    outer = int(np.prod(source.shape[: axes[0]], dtype=np.int64))
    reduced = int(np.prod([source.shape[axis] for axis in axes], dtype=np.int64))
    multiplier, shift = mean_multiplier(source, output, reduced)
    return Layer(
        operator=operator.name,
        kernel="kernel_mean",
        struct="mean",
        fields={
            "input": source,
            "output": output,
            "outer": outer,
            "reduced": reduced,
            "inner": source.elements // (outer * reduced),
            "multiplier": multiplier,
            "shift": shift,
            "input_offset": -source.zero_point * reduced,
            "output_offset": output.zero_point,
        },
        inputs=(source,),
        output=output,
    )


def mean_multiplier(source: Tensor, output: Tensor, count: int) -> tuple[int, int]:
    """Fold 1/count into the multiplier, after as large a shift as fits (TensorFlow Lite, reduce.h)."""
    multiplier, shift = quantize_multiplier(float(source.scale) / float(output.scale))
    spare = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << spare) // count, shift - spare


def _relu(operator: Operator) -> Layer:
    source = checks.int8_tensor(operator, checks.input_tensor(operator, 0))
    output = checks.int8_tensor(operator, operator.outputs[0])
    clamp = activation_range(operator.name.lower(), output.scale, output.zero_point)
    return _rescale(operator, source, output, clamp)


def _rescale(operator: Operator, source: Tensor, output: Tensor, clamp: tuple[int, int]) -> Layer:
    multiplier, shift = quantize_multiplier(float(source.scale) / float(output.scale))
    return Layer(
        operator=operator.name,
        kernel="kernel_rescale",
        struct="rescale",
        fields={
            "input": source,
            "output": output,
            "elements": output.elements,
            "multiplier": multiplier,
            "shift": shift,
            "input_offset": -source.zero_point,
            "output_offset": output.zero_point,
            "clamp": clamp,
        },
        inputs=(source,),
        output=output,
    )


def _quantize(operator: Operator) -> Layer:
    source, output = checks.input_tensor(operator, 0), operator.outputs[0]
    if source.type == "int8":
        pair = checks.int8_tensor(operator, source), checks.int8_tensor(operator, output)
        return _rescale(operator, *pair, (INT8_MINIMUM, INT8_MAXIMUM))
    return _convert(operator, checks.float_tensor(operator, source), output, output)


def _dequantize(operator: Operator) -> Layer:
    source, output = checks.input_tensor(operator, 0), operator.outputs[0]
    return _convert(operator, source, checks.float_tensor(operator, output), source)


def _convert(operator: Operator, source: Tensor, output: Tensor, quantized: Tensor) -> Layer:
    checks.int8_tensor(operator, quantized)
    return Layer(
        operator=operator.name,
        kernel=f"kernel_{operator.name.lower()}",
        struct="convert",
        fields={
            "input": source,
            "output": output,
            "elements": output.elements,
            "scale": float(quantized.scale),
            "zero_point": quantized.zero_point,
        },
        inputs=(source,),
        output=output,
    )


LOWERINGS: Mapping[str, Callable[[Operator], Layer]] = {
    "CONV_2D": lambda operator: _convolution(operator, depthwise=False),
    "DEPTHWISE_CONV_2D": lambda operator: _convolution(operator, depthwise=True),
    "FULLY_CONNECTED": _fully_connected,
    "ADD": _add,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "SOFTMAX": _softmax,
    "RESHAPE": _reshape,
    "PAD": _pad,
    "MEAN": _mean,
    "RELU": _relu,
    "RELU6": _relu,
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
}
