/* Streaming wake word: sound comes by itself, see streaming/. */
#include "benchmarks/benchmark.h"

const char benchmark_model_name[] = "sww01";
