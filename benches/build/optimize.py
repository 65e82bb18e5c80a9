"""Choose the optimized kernels and lay out their constants."""

from __future__ import annotations

from benches.build.layers import Layer


def optimize_layer(layer: Layer) -> Layer:
    """Give the layer that runs faster with the same result."""
    return layer
