/* What differs between the benchmarks: the input's form and what a result looks like. */
#ifndef BENCHMARKS_BENCHMARK_H
#define BENCHMARKS_BENCHMARK_H

#include <stdint.h>

extern const char benchmark_model_name[];

/* Convert what the host sent into the network's input. `buffer` is aligned to 4 bytes. */
void benchmark_load_input(const uint8_t *buffer);

/* Print the inside of m-results-[...]. */
void benchmark_print_results(const uint8_t *buffer);

/* Shared by the classifiers: the outputs as probabilities with three decimals. */
void print_probabilities(void);

#endif
