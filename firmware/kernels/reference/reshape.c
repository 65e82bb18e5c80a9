#include "kernels/kernels.h"
#include "runtime/memory.h"

/* The arena plan usually gives both tensors the same place; then nothing moves. */
void kernel_reshape(const void *parameters)
{
    const struct copy *p = parameters;
    if (p->input != p->output) {
        memcpy(p->output, p->input, p->bytes);
    }
}
