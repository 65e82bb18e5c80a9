/* The network as the generator writes it: a list of layers, its input and its output. */
#ifndef RUNTIME_NETWORK_H
#define RUNTIME_NETWORK_H

#include <stdint.h>

enum tensor_type { TENSOR_INT8, TENSOR_FLOAT32 };

struct tensor {
    void *data;
    uint32_t elements;
    enum tensor_type type;
    float scale;
    int32_t zero_point;
};

struct layer {
    void (*run)(const void *parameters); /* a kernel */
    const void *parameters;              /* its struct of kernels/kernels.h */
    const void *output;                  /* valid right after the layer has run */
    uint32_t output_bytes;
};

extern const struct layer network_layers[];
extern const uint32_t network_layer_count;
extern const struct tensor network_input;
extern const struct tensor network_output;

/* Run every layer once. */
void network_run(void);

/* Run every layer once and call `after_layer` behind each. */
void network_run_observed(void (*after_layer)(uint32_t index, const struct layer *layer));

/* Do nothing. Tools that attribute cycles to layers stop at these two symbols; r0 is the layer. */
void boardless_layer_begin(uint32_t index);
void boardless_layer_end(uint32_t index);

#endif
