"""Dense layers as convolutions, for a TensorFlow Lite runtime that rounds FullyConnected otherwise.

The kernels of TensorFlow Lite 2.14, of TensorFlow Lite Micro and of CMSIS-NN rescale an int8 layer's
accumulator with two roundings (``MultiplyByQuantizedMultiplier``: a high multiplication, then a
shift). ai-edge-litert's reference kernels do so too, in all but FullyConnected, which rounds once:
an output may be one step off, and what follows it more. A dense layer is a convolution with a
1 x 1 filter, so a model's FullyConnected operators are written as RESHAPE, CONV_2D, RESHAPE with the
very weights, and the arithmetic is that of the device again, to the last bit.

The factor of the accumulator is made of floats: FullyConnected rounds the product of the input's and
the weights' scale to a float, CONV_2D keeps a double. So the convolution's input carries that float
and its weights the scale 1; only the factor depends on them.

Sources: ``kernels/fully_connected.cc``, ``kernels/conv.cc`` and ``kernels/kernel_util.cc`` of
TensorFlow Lite 2.14; measured with ai-edge-litert 2.1 to 2.3 (tests/firmware/test_golden_runtimes.py).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import flatbuffers
import numpy as np

FILE_IDENTIFIER = b"TFL3"
CONVOLUTION_VERSION, RESHAPE_VERSION = 3, 1
"""The first versions of the operators that take int8."""


class OtherRounding(Exception):
    """A FullyConnected that can't be written as a convolution; the text names it."""


def with_convolutions(model: bytes, schema: Any) -> bytes:
    """The same model without FullyConnected. ``model`` must be one: no damage is looked for.

    ``schema``: the module of the ``.tflite`` schema's classes that the runtime brings. Raises
    :class:`OtherRounding` when a quantized one has variable, narrow or asymmetric weights.
    """
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    for graph in tree.subgraphs:
        writer = _GraphWriter(tree, graph, schema)
        graph.operators = [made for operator in graph.operators for made in writer.rewritten(operator)]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(tree.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


class _GraphWriter:
    """Adds tensors and operators to one graph of a model."""

    def __init__(self, tree: Any, graph: Any, schema: Any) -> None:
        self._tree, self._graph, self._schema = tree, graph, schema
        self._dense = [
            index
            for index, code in enumerate(tree.operatorCodes)
            if self._builtin(code) == schema.BuiltinOperator.FULLY_CONNECTED
        ]

    def rewritten(self, operator: Any) -> Iterator[Any]:
        """The operator, or the three that stand for a dense one."""
        if operator.opcodeIndex not in self._dense or self._is_float(operator):
            yield operator
            return
        self._check(operator)
        source, weights, *bias = (int(index) for index in operator.inputs if index >= 0)
        (result,) = (int(index) for index in operator.outputs)
        outputs, inputs = (int(size) for size in self._tensor(weights).shape)
        batches = math.prod(int(size) for size in self._tensor(source).shape) // inputs
        wide = self._copy(source, (batches, 1, 1, inputs))
        filters = self._copy(weights, (outputs, 1, 1, inputs))
        made = self._copy(result, (batches, 1, 1, outputs))
        self._move_scale(wide, filters)
        bias = bias or [self._zeros(outputs)]  # CONV_2D must have one
        yield self._reshape(source, wide)
        yield self._convolution([wide, filters, *bias], made, operator.builtinOptions)
        yield self._reshape(made, result)

    def _builtin(self, code: Any) -> int:  # the second field came when 127 operators were full
        return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))

    def _tensor(self, index: int) -> Any:
        return self._graph.tensors[index]

    def _is_float(self, operator: Any) -> bool:
        float_types = (self._schema.TensorType.FLOAT32, self._schema.TensorType.FLOAT16)
        return all(self._tensor(int(index)).type in float_types for index in operator.inputs[:2])

    def _check(self, operator: Any) -> None:
        source, weights, result = (
            self._tensor(int(index)) for index in (*operator.inputs[:2], operator.outputs[0])
        )
        name = result.name.decode() if isinstance(result.name, bytes) else str(result.name)
        if any(tensor.type != self._schema.TensorType.INT8 for tensor in (source, weights, result)):
            raise OtherRounding(f"FullyConnected {name!r} is not int8")
        if self._tree.buffers[weights.buffer].data is None or len(weights.shape) != 2:
            raise OtherRounding(f"FullyConnected {name!r} has no constant matrix of weights")
        if np.any(weights.quantization.zeroPoint):
            raise OtherRounding(f"FullyConnected {name!r} has weights with a zero point")
        if len(operator.outputs) != 1 or operator.builtinOptions.weightsFormat:
            raise OtherRounding(f"FullyConnected {name!r} has shuffled weights")

    def _copy(self, index: int, shape: tuple[int, ...]) -> int:
        """A tensor like that one (its buffer is shared) of another shape."""
        tensor = copy.deepcopy(self._tensor(index))
        tensor.shape, tensor.shapeSignature = list(shape), None
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _zeros(self, count: int) -> int:
        """A constant of ``count`` int32."""
        buffer, tensor = self._schema.BufferT(), self._schema.TensorT()
        buffer.data = np.zeros(count * np.dtype(np.int32).itemsize, np.uint8)
        self._tree.buffers.append(buffer)
        tensor.buffer, tensor.shape = len(self._tree.buffers) - 1, [count]
        tensor.type, tensor.name = self._schema.TensorType.INT32, "zeros"
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _move_scale(self, source: int, weights: int) -> None:
        """Let the input carry the product of both scales as FullyConnected rounds it, to a float."""
        held, factors = self._tensor(source).quantization, self._tensor(weights).quantization
        if len(factors.scale) == 1:
            held.scale = [float(np.float32(held.scale[0]) * np.float32(factors.scale[0]))]
            factors.scale = [1.0]

    def _convolution(self, inputs: list[int], output: int, dense: Any) -> Any:
        options = self._schema.Conv2DOptionsT()
        options.padding = self._schema.Padding.VALID
        options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = dense.fusedActivationFunction
        return self._operator("CONV_2D", CONVOLUTION_VERSION, "Conv2DOptions", options, inputs, output)

    def _reshape(self, source: int, output: int) -> Any:
        options = self._schema.ReshapeOptionsT()
        options.newShape = [int(size) for size in self._tensor(output).shape]
        return self._operator("RESHAPE", RESHAPE_VERSION, "ReshapeOptions", options, [source], output)

    def _operator(
        self, name: str, version: int, kind: str, options: Any, inputs: list[int], output: int
    ) -> Any:
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(self._schema.BuiltinOperator, name), version)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
        operator.builtinOptions = options
        return operator

    def _code(self, builtin: int, version: int) -> int:
        """Where the list of operator codes has this one; added when it lacks it."""
        codes = self._tree.operatorCodes
        for index, code in enumerate(codes):
            if self._builtin(code) == builtin and code.version >= version:
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = builtin
        code.version = version
        codes.append(code)
        return len(codes) - 1
