"""The reference topologies of MLPerf Tiny v1.x, as Keras models with float inputs.

Shapes, strides and channel counts are those of the reference models in
github.com/mlcommons/tiny (benchmark/training). Batch normalisation is folded away by the
converter, and each activation is fused into the operator before it.
"""

from __future__ import annotations

import tensorflow as tf

layers = tf.keras.layers


def _conv(x, filters, kernel, strides=1, activation=True):
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same")(x)
    return _normalise(x, activation)


def _depthwise(x, strides=1):
    return _normalise(layers.DepthwiseConv2D(3, strides=strides, padding="same")(x), True)


def _normalise(x, activation):
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if activation else x


def _classifier(inputs, x, pool, classes):
    x = layers.AveragePooling2D(pool)(x)
    x = layers.Flatten()(x)
    return tf.keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))


def keyword_spotting() -> tf.keras.Model:
    """Return the DS-CNN: 49x10x1 in, one 10x4 convolution, four separable blocks of 64, 12 classes out."""
    inputs = layers.Input((49, 10, 1))
    x = _conv(inputs, 64, (10, 4), strides=2)
    x = layers.Dropout(0.2)(x)
    for _block in range(4):
        x = _conv(_depthwise(x), 64, 1)
    return _classifier(inputs, layers.Dropout(0.3)(x), (25, 5), 12)


def visual_wake_words() -> tf.keras.Model:
    """Return MobileNetV1 of width 0.25: 96x96x3 in, 13 separable blocks, 2 classes out."""
    inputs = layers.Input((96, 96, 3))
    x = _conv(inputs, 8, 3, strides=2)
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    blocks += [(128, 1)] * 5 + [(256, 2), (256, 1)]
    for filters, strides in blocks:
        x = _conv(_depthwise(x, strides), filters, 1)
    return _classifier(inputs, x, (3, 3), 2)


def image_classification() -> tf.keras.Model:
    """Return ResNet-8: 32x32x3 in, three stacks of 16, 32 and 64 channels, 10 classes out."""
    inputs = layers.Input((32, 32, 3))
    x = _conv(inputs, 16, 3)
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = _conv(_conv(x, filters, 3, strides), filters, 3, activation=False)
        if strides != 1:
            x = layers.Conv2D(filters, 1, strides=strides, padding="same")(x)
        x = layers.ReLU()(layers.add([x, y]))
    return _classifier(inputs, x, (8, 8), 10)


def anomaly_detection() -> tf.keras.Model:
    """Return the autoencoder: 640 in, four dense layers of 128, 8 in the middle, back to 640."""
    inputs = layers.Input((640,))
    x = inputs
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = _normalise(layers.Dense(width)(x), True)
    return tf.keras.Model(inputs, layers.Dense(640)(x))


def streaming_wake_word() -> tf.keras.Model:
    """Return the separable network over time: 30x1x40 in, four blocks along the frames, 3 classes out."""
    inputs = layers.Input((30, 1, 40))
    x = inputs
    for taps, filters in ((3, 128), (5, 128), (10, 128), (15, 32)):
        x = layers.DepthwiseConv2D((taps, 1), padding="valid")(x)
        x = layers.Conv2D(filters, 1)(layers.BatchNormalization(momentum=0.9)(x))
        x = _normalise(x, True)
    x = layers.Dropout(0.2)(layers.Flatten()(x))
    return tf.keras.Model(inputs, layers.Dense(3, activation="softmax")(x))
