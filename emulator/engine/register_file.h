/* The core's registers: read from Unicorn's CPU state where Python found it, else by asking Unicorn.
 *
 * Twin: register_file.py, which finds it.
 */
#ifndef BOARDLESS_REGISTER_FILE_H
#define BOARDLESS_REGISTER_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef int (*reg_read_fn)(void *uc, int id, void *value);

typedef struct {
    const uint32_t *file;  /* CPU state's r0..r15, or NULL */
    reg_read_fn reg_read;
    int ids[16];
    int primask_id, basepri_id, faultmask_id;
} Registers;

static uint32_t ask_register(const Registers *r, void *uc, int id) {
    uint32_t value = 0;
    r->reg_read(uc, id, &value);
    return value;
}

static uint32_t read_register(const Registers *r, void *uc, uint32_t n) {
    return r->file ? r->file[n] : ask_register(r, uc, r->ids[n]);
}

/* r0..r15, in `read` when they are not found elsewhere. */
static const uint32_t *all_registers(const Registers *r, void *uc, uint32_t *read) {
    if (r->file) return r->file;
    for (uint32_t n = 0; n < 16; n++) read[n] = read_register(r, uc, n);
    return read;
}

#endif
