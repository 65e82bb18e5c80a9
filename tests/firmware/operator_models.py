"""One small model for each way an operator can be used. All take 490 int8, as the kws firmware does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from model_writer import ModelWriter

ELEMENTS = 490
Builder = Callable[[ModelWriter, np.random.Generator], tuple[int, int]]


def _scales(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.uniform(0.002, 0.02, count).astype(np.float32)


def _convolution(
    shape: tuple[int, int, int], channels: int, kernel: tuple[int, int], *, depthwise: bool = False,
    activation: int = 0, output_scale: float = 0.0, **options: int,
) -> Builder:  # fmt: skip
    """``options``: stride_h, stride_w, dilation_h, dilation_w, padding (0 same, 1 valid)."""

    def build(writer: ModelWriter, rng: np.random.Generator) -> tuple[int, int]:
        height, width, depth = shape
        made = {"stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1, "padding": 0} | options
        sizes = []
        for size, name, extent in ((height, "h", kernel[0]), (width, "w", kernel[1])):
            reach = (extent - 1) * made[f"dilation_{name}"] + 1
            covered = size if made["padding"] == 0 else size - reach + 1
            sizes.append(-(-covered // made[f"stride_{name}"]))
        source = writer.tensor((1, *shape), scale=0.05, zero_point=-3)
        scales = _scales(rng, channels)
        outer = (1, *kernel, channels) if depthwise else (channels, *kernel, depth)
        weights = writer.tensor(outer, scale=scales, zero_point=0, dimension=3 if depthwise else 0,
                                data=rng.integers(-127, 128, outer))  # fmt: skip
        bias = writer.tensor((channels,), "int32", scale=scales * np.float32(0.05), zero_point=0,
                             data=rng.integers(-3000, 3000, channels))  # fmt: skip
        point = -128 if activation else 7
        taps = kernel[0] * kernel[1] * (1 if depthwise else depth)
        scale = output_scale or 0.065 * taps**0.5  # so that few outputs are clamped
        output = writer.tensor((1, *sizes, channels), scale=scale, zero_point=point)
        if depthwise:
            made["depth_multiplier"] = channels // depth
        writer.operator("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [source, weights, bias], [output],
                        activation=activation, **made)  # fmt: skip
        return source, output

    return build


def _dense(inputs: int, outputs: int, activation: int = 0, biased: bool = True) -> Builder:
    def build(writer: ModelWriter, rng: np.random.Generator) -> tuple[int, int]:
        batches = ELEMENTS // inputs
        source = writer.tensor((batches, inputs), scale=0.04, zero_point=11)
        weights = writer.tensor((outputs, inputs), scale=0.006, zero_point=0,
                                data=rng.integers(-127, 128, (outputs, inputs)))  # fmt: skip
        operands = [source, weights, -1]
        if biased:
            operands[2] = writer.tensor((outputs,), "int32", scale=np.float32(0.04) * np.float32(0.006),
                                        zero_point=0, data=rng.integers(-5000, 5000, outputs))  # fmt: skip
        output = writer.tensor((batches, outputs), scale=0.012 * inputs**0.5, zero_point=-20)
        writer.operator("FULLY_CONNECTED", operands, [output], activation=activation)
        return source, output

    return build


def _simple(
    name: str, shape: tuple[int, ...], made: tuple[int, ...], *, scale: float = 0.05, point: int = -3,
    output_scale: float = 0.05, output_point: int = -3, constants: tuple[object, ...] = (), **options: float,
) -> Builder:  # fmt: skip
    def build(writer: ModelWriter, _rng: np.random.Generator) -> tuple[int, int]:
        source = writer.tensor(shape, scale=scale, zero_point=point)
        operands = [source]
        for value in constants:
            array = np.array(value, dtype=np.int32)
            operands.append(writer.tensor(array.shape, "int32", data=array))
        output = writer.tensor(made, scale=output_scale, zero_point=output_point)
        writer.operator(name, operands, [output], **options)
        return source, output

    return build


def _add(activation: int = 0) -> Builder:
    """The input and its rescaled self, so that the two scales differ."""

    def build(writer: ModelWriter, _rng: np.random.Generator) -> tuple[int, int]:
        shape = (1, 7, 7, 10)
        source = writer.tensor(shape, scale=0.05, zero_point=-3)
        other = writer.tensor(shape, scale=0.083, zero_point=30)
        writer.operator("QUANTIZE", [source], [other])
        output = writer.tensor(shape, scale=0.09, zero_point=-17)
        writer.operator("ADD", [other, source], [output], activation=activation)
        return source, output

    return build


def _through_float(writer: ModelWriter, _rng: np.random.Generator) -> tuple[int, int]:
    source = writer.tensor((1, 490), scale=0.05, zero_point=-3)
    real = writer.tensor((1, 490), "float32")
    output = writer.tensor((1, 490), scale=0.041, zero_point=9)
    writer.operator("DEQUANTIZE", [source], [real])
    writer.operator("QUANTIZE", [real], [output])
    return source, output


POOL = {"filter_h": 3, "filter_w": 2, "stride_h": 2, "stride_w": 2}
OPERATOR_MODELS: dict[str, Builder] = {
    "conv_1x1": _convolution((7, 7, 10), 12, (1, 1)),
    "conv_odd_channels": _convolution((7, 7, 10), 7, (3, 3)),
    "conv_one_channel": _convolution((49, 10, 1), 5, (10, 4), stride_h=2, stride_w=2, activation=1),
    "conv_words": _convolution((7, 5, 14), 4, (3, 3), stride_h=2),
    "conv_valid": _convolution((49, 5, 2), 9, (2, 5), padding=1, activation=3),
    "conv_dilated": _convolution((7, 7, 10), 6, (3, 3), dilation_h=2, dilation_w=2),
    "conv_wide": _convolution((2, 49, 5), 3, (2, 7), stride_w=3),
    "conv_large_factor": _convolution((7, 7, 10), 6, (1, 1), output_scale=0.0003),
    "depthwise_3x3": _convolution((7, 7, 10), 10, (3, 3), depthwise=True),
    "depthwise_multiplier": _convolution((7, 7, 10), 20, (3, 3), depthwise=True, activation=1),
    "depthwise_5x3": _convolution((7, 7, 10), 10, (5, 3), depthwise=True, stride_h=2, stride_w=2),
    "dense": _dense(490, 12),
    "dense_batches": _dense(10, 9, activation=1),
    "dense_no_bias": _dense(70, 8, activation=3, biased=False),
    "add": _add(),
    "add_relu": _add(activation=1),
    "average_pool": _simple("AVERAGE_POOL_2D", (1, 7, 7, 10), (1, 4, 4, 10), **POOL),
    "average_pool_valid": _simple("AVERAGE_POOL_2D", (1, 7, 7, 10), (1, 3, 3, 10), padding=1, **POOL),
    "max_pool": _simple("MAX_POOL_2D", (1, 7, 7, 10), (1, 4, 4, 10), activation=3, **POOL),
    "softmax": _simple("SOFTMAX", (49, 10), (49, 10), output_scale=1 / 256, output_point=-128, beta=1.0),
    "softmax_steep": _simple("SOFTMAX", (49, 10), (49, 10), scale=0.4, output_scale=1 / 256,
                             output_point=-128, beta=1.0),
    "softmax_wide": _simple("SOFTMAX", (1, 490), (1, 490), scale=0.01, output_scale=1 / 256,
                            output_point=-128, beta=0.7),
    "reshape": _simple("RESHAPE", (1, 7, 7, 10), (49, 10), constants=([49, 10],)),
    "pad": _simple("PAD", (1, 7, 7, 10), (1, 10, 8, 13), constants=([[0, 0], [1, 2], [0, 1], [3, 0]],)),
    "mean": _simple("MEAN", (1, 7, 7, 10), (1, 10), output_scale=0.03, output_point=12,
                    constants=([1, 2],)),
    "mean_kept": _simple("MEAN", (1, 7, 7, 10), (1, 1, 1, 10), constants=([1, 2],), keep_dims=1),
    "mean_channels": _simple("MEAN", (1, 7, 7, 10), (1, 7, 7), output_scale=0.03, constants=([3],)),
    "relu": _simple("RELU", (1, 490), (1, 490), output_scale=0.03, output_point=-128),
    "relu6": _simple("RELU6", (1, 490), (1, 490), scale=0.08, output_scale=0.08),
    "relu6_rescaled": _simple("RELU6", (1, 490), (1, 490), scale=0.08, output_scale=6 / 255,
                              output_point=-128),
    "requantize": _simple("QUANTIZE", (1, 490), (1, 490), output_scale=0.02, output_point=40),
    "through_float": _through_float,
}  # fmt: skip

# The Micro interpreter's RELU6 clamps and does not rescale; tflite-runtime's does both, and so do we.
MICRO_DIFFERS = ("relu6_rescaled",)


def _depthwise_fours(height: int, width: int, **options: int) -> Builder:
    """Pad the channels to four first: the optimized depthwise kernels want that."""
    inner = _convolution((height, width, 4), 4, (3, 3), depthwise=True, **options)

    def build(writer: ModelWriter, rng: np.random.Generator) -> tuple[int, int]:
        source = writer.tensor((1, height, width, ELEMENTS // (height * width)), scale=0.05, zero_point=-3)
        depth = ELEMENTS // (height * width)
        paddings = np.array([[0, 0], [0, 0], [0, 0], [0, 4 - depth]], dtype=np.int32)
        constant = writer.tensor((4, 2), "int32", data=paddings)
        wide, output = inner(writer, rng)
        writer.operators.insert(0, writer.operators[-1])
        writer.operators.pop()
        first = len(writer.operators)
        writer.operator("PAD", [source, constant], [wide])
        writer.operators.insert(0, writer.operators.pop(first))
        return source, output

    return build


OPERATOR_MODELS |= {
    "depthwise_planes": _depthwise_fours(49, 5),
    "depthwise_planes_wide": _depthwise_fours(5, 49, activation=1),
    "depthwise_planes_even": _depthwise_fours(35, 14, stride_h=2, stride_w=2),
    "depthwise_planes_valid": _depthwise_fours(10, 49, padding=1),
    "depthwise_planes_stride_3": _depthwise_fours(49, 10, stride_h=3, stride_w=3),
}


def write_operator_model(name: str, folder: Path) -> Path:
    """Write the model of that name; the weights depend on the name only."""
    writer = ModelWriter()
    rng = np.random.default_rng(sum(map(ord, name)))
    source, output = OPERATOR_MODELS[name](writer, rng)
    return writer.write(folder / f"{name}.tflite", [source], [output])
