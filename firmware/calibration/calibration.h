/* Memories and kernels of the calibration firmware: what is measured, and what comes out. */
#ifndef CALIBRATION_CALIBRATION_H
#define CALIBRATION_CALIBRATION_H

#include <stdint.h>

/* A memory of the board, as the build writes them: the one that the code lies in comes first, then the
 * one of the stack and the firmware's own data. */
struct memory {
    const char *name;
    uint32_t base;
    uint32_t size_bytes;
    uint32_t writable;
};

extern const struct memory memories[];
extern const uint32_t memory_count;

/* Kernels take up to four words and give nothing: kernels.S. */
typedef void (*kernel)(uint32_t, uint32_t, uint32_t, uint32_t);

uint32_t timed(const uint32_t arguments[4], kernel code, const volatile uint32_t *counter);

void kernel_empty(uint32_t, uint32_t, uint32_t, uint32_t);
void kernel_taken(uint32_t turns, uint32_t, uint32_t, uint32_t);
void kernel_not_taken(uint32_t turns, uint32_t, uint32_t, uint32_t);
void kernel_multiply(uint32_t turns, uint32_t, uint32_t, uint32_t);
void kernel_load(uint32_t times, uint32_t count, uint32_t from, uint32_t stride);
void kernel_spaced_load(uint32_t times, uint32_t count, uint32_t from, uint32_t stride);
void kernel_store(uint32_t times, uint32_t count, uint32_t from, uint32_t stride);
void kernel_burst(uint32_t turns, uint32_t to, uint32_t from, uint32_t);
void kernel_alternate(uint32_t count, uint32_t from, uint32_t other, uint32_t stride);
void kernel_alternate_alone(uint32_t count, uint32_t from, uint32_t other, uint32_t);
void kernel_random(uint32_t count, uint32_t, uint32_t from, uint32_t mask);
void kernel_indexed_load(uint32_t turns, uint32_t at, uint32_t, uint32_t); /* not on Armv6-M */
void kernel_evict(uint32_t turns, uint32_t from, uint32_t, uint32_t);
void kernel_call(uint32_t times, uint32_t count, uint32_t from, uint32_t stride);
void kernel_straight(uint32_t turns, uint32_t, uint32_t, uint32_t);
void landing(void);

/* Settings of the memories that the chip has, 0 upwards; 0 when there is none of that number.
 * A board support package may bring its own, calibration_sources in its bsp.toml: without, a Cortex-M7 has its
 * caches off and on, others have what reset left. */
int bsp_memory_mode(uint32_t mode);

#endif
