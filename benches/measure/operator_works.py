"""What the operators of a network have to do, by its model's file or as our own firmware says."""

from __future__ import annotations

from pathlib import Path

from benches.build.model import Tensor, read_model
from benches.measure.network_description import describes_itself, read_layers
from emulator.profiling.operator_work import NOT_KNOWN, TensorShape, Work, work_of

CUSTOM = "CUSTOM("


def model_works(path: Path) -> tuple[Work, ...]:
    """The work of each operator of a ``.tflite``, in order. Raises ImageError for a file that is none."""
    return tuple(
        work_of(
            _name(operator.name),
            [_shape(tensor) for tensor in operator.inputs if tensor is not None],
            [_shape(tensor) for tensor in operator.outputs],
        )
        for operator in read_model(path).operators
    )


def layer_works(image: Path) -> tuple[Work, ...]:
    """The work of each layer of an image of ours. Raises UsageError for any other image."""
    return tuple(
        Work(
            layer.operator,
            (TensorShape(layer.input_shape, "int8"),),
            (TensorShape(layer.output_shape, "int8"),),
            layer.macs,
            weight_bytes=NOT_KNOWN,
            activation_bytes=NOT_KNOWN,
        )
        for layer in read_layers(image)
    )


def works_of(image: Path, model: Path | None) -> tuple[Work, ...]:
    """By the model's file, if there is one; else, or when it runs other layers, as the image says of itself.

    Only images of ours do. Raises ImageError for a file that is no model.
    """
    own = layer_works(image) if describes_itself(image) else ()
    if model is None:
        return own
    told = model_works(model)
    return own if own and [work.name for work in own] != [work.name for work in told] else told


def _name(operator: str) -> str:
    """A custom operator's own name, as its registration has it."""
    return operator.removeprefix(CUSTOM).removesuffix(")") if operator.startswith(CUSTOM) else operator


def _shape(tensor: Tensor) -> TensorShape:
    return TensorShape(tensor.shape, tensor.type, is_constant=tensor.data is not None)
