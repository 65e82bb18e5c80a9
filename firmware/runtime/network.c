#include "runtime/network.h"

__attribute__((noinline)) void boardless_layer_begin(uint32_t index)
{
    __asm__ volatile("" : : "r"(index));
}

__attribute__((noinline)) void boardless_layer_end(uint32_t index)
{
    __asm__ volatile("@ end" : : "r"(index)); /* differs from begin, so that the linker keeps both */
}

static void run_layer(uint32_t index)
{
    const struct layer *layer = &network_layers[index];
    boardless_layer_begin(index);
    layer->run(layer->parameters);
    boardless_layer_end(index);
}

void network_run(void)
{
    for (uint32_t index = 0; index < network_layer_count; index++) {
        run_layer(index);
    }
}

void network_run_observed(void (*after_layer)(uint32_t index, const struct layer *layer))
{
    for (uint32_t index = 0; index < network_layer_count; index++) {
        run_layer(index);
        after_layer(index, &network_layers[index]);
    }
}
