/* Image classification with the larger network: 32 x 32 RGB bytes; it wants them minus 128. */
#include "benchmarks/benchmark.h"
#include "runtime/network.h"

const char benchmark_model_name[] = "ic02";

void benchmark_load_input(const uint8_t *buffer)
{
    int8_t *input = network_input.data;
    for (uint32_t i = 0; i < network_input.elements; i++) {
        input[i] = (int8_t)(buffer[i] ^ 0x80u);
    }
}

void benchmark_print_results(const uint8_t *buffer)
{
    (void)buffer;
    print_probabilities();
}
