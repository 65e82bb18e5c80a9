/* Keyword spotting: 49 x 10 int8 features, as they are. */
#include "benchmarks/benchmark.h"
#include "runtime/memory.h"
#include "runtime/network.h"

const char benchmark_model_name[] = "kws01";

void benchmark_load_input(const uint8_t *buffer)
{
    memcpy(network_input.data, buffer, network_input.elements);
}

void benchmark_print_results(const uint8_t *buffer)
{
    (void)buffer;
    print_probabilities();
}
