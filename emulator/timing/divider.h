/* What a division costs by its operands, beyond what the core model's step counts. Twin: divider.py. */
#ifndef BOARDLESS_DIVIDER_H
#define BOARDLESS_DIVIDER_H

#include <stdint.h>

typedef struct { uint32_t zero, smaller, by_width[32]; } DivideTiming; /* emulator/timing/model.py */

static inline uint32_t bit_length(uint32_t v) { return v ? 32u - (uint32_t)__builtin_clz(v) : 0; }

static uint32_t divide_extra(const DivideTiming *timing, uint32_t dividend, uint32_t divisor, int is_signed) {
    if (is_signed) {
        if (dividend & 0x80000000u) dividend = 0u - dividend;
        if (divisor & 0x80000000u) divisor = 0u - divisor;
    }
    if (!dividend || !divisor) return timing->zero;
    uint32_t longer = bit_length(dividend), shorter = bit_length(divisor);
    return longer < shorter ? timing->smaller : timing->by_width[longer - shorter];
}

#endif
