/* Anomaly detection: 640 float32, quantized here. The result is one number, the mean squared
 * error between what the host sent and the network's reconstruction. */
#include "benchmarks/benchmark.h"
#include "protocol/print.h"
#include "runtime/memory.h"
#include "runtime/network.h"
#include "runtime/real.h"

const char benchmark_model_name[] = "ad01";

static float sent_value(const uint8_t *buffer, uint32_t index)
{
    float value;
    memcpy(&value, buffer + index * sizeof value, sizeof value);
    return value;
}

void benchmark_load_input(const uint8_t *buffer)
{
    const struct tensor *input = &network_input;
    for (uint32_t i = 0; i < input->elements; i++) {
        const float value = sent_value(buffer, i);
        if (input->type == TENSOR_FLOAT32) {
            ((float *)input->data)[i] = value;
        } else {
            ((int8_t *)input->data)[i] = quantize_real(value, input->scale, input->zero_point);
        }
    }
}

void benchmark_print_results(const uint8_t *buffer)
{
    const struct tensor *output = &network_output;
    float sum = 0.0f;
    for (uint32_t i = 0; i < output->elements; i++) {
        const float value =
            output->type == TENSOR_FLOAT32
                ? ((const float *)output->data)[i]
                : dequantize_real(((const int8_t *)output->data)[i], output->scale, output->zero_point);
        const float difference = sent_value(buffer, i) - value;
        sum += difference * difference;
    }
    print_real(sum / (float)output->elements);
}
