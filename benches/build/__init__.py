"""From a ``.tflite`` model to a benchmark firmware: reader, generator, arena plan, compiler."""
