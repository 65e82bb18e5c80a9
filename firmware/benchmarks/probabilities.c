#include "benchmarks/benchmark.h"
#include "protocol/print.h"
#include "runtime/network.h"
#include "runtime/real.h"

void print_probabilities(void)
{
    const struct tensor *output = &network_output;
    for (uint32_t i = 0; i < output->elements; i++) {
        if (i > 0) {
            print_text(",");
        }
        if (output->type == TENSOR_FLOAT32) {
            print_real(((const float *)output->data)[i]);
        } else {
            const int8_t value = ((const int8_t *)output->data)[i];
            print_real(dequantize_real(value, output->scale, output->zero_point));
        }
    }
}
