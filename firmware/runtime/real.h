/* Reals and their quantized form, as TensorFlow Lite converts them (float arithmetic). */
#ifndef RUNTIME_REAL_H
#define RUNTIME_REAL_H

#include <stdint.h>

static inline int8_t quantize_real(float value, float scale, int32_t zero_point)
{
    const float steps = value / scale;
    if (!(steps > -1024.0f)) {
        return INT8_MIN; /* far below, or not a number */
    }
    if (steps > 1024.0f) {
        return INT8_MAX;
    }
    int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    whole += (rest >= 0.5f) - (rest <= -0.5f); /* half away from zero */
    whole += zero_point;
    if (whole < INT8_MIN) {
        return INT8_MIN;
    }
    return (int8_t)(whole > INT8_MAX ? INT8_MAX : whole);
}

static inline float dequantize_real(int32_t value, float scale, int32_t zero_point)
{
    return scale * (float)(value - zero_point);
}

#endif
