/* What the alignment of a load or store costs: extra cycles, and a buffer of unaligned stores.
 *
 * Twin: alignment.py, statement for statement.
 */
#ifndef BOARDLESS_ALIGNMENT_H
#define BOARDLESS_ALIGNMENT_H

#include <stdint.h>

#include "port.h"

typedef struct {           /* emulator/timing/model.py; other_memory, leave_flash: the memory system's */
    uint32_t halfword_odd, word_half, word_odd, other_memory, store_drain, store_entries, leave_flash;
} UnalignedTiming;

typedef struct {
    UnalignedTiming timing;
    uint32_t paid, pad;    /* by the last datum */
    uint64_t stores_drained; /* the cycle at which the buffer of unaligned stores is empty */
    uint64_t goes_along;   /* the cycle in which an unaligned load goes along with the last */
    uint64_t second_access; /* the cycle of an unaligned load's second access */
} Alignment;

static uint32_t alignment_extra(const Alignment *a, uint32_t address, uint32_t size_bytes) {
    if (size_bytes == 4) {
        if (address & 1) return a->timing.word_odd;
        return address & 2 ? a->timing.word_half : 0;
    }
    return size_bytes == 2 && (address & 1) ? a->timing.halfword_odd : 0;
}

/* What the alignment of a load or store costs at cycle t. */
static uint64_t alignment_stall(Alignment *a, uint32_t address, uint32_t size_bytes, uint64_t t, int kind) {
    uint64_t extra = alignment_extra(a, address, size_bytes), drain = a->timing.store_drain;
    if (extra && drain) {
        if (kind == STORE) {
            uint64_t patience = t + a->timing.store_entries * drain;
            a->stores_drained = (t > a->stores_drained ? t : a->stores_drained) + drain;
            extra = a->stores_drained > patience ? a->stores_drained - patience : 0;
        } else if (t + 1 >= a->goes_along && t <= a->goes_along) {
            a->goes_along = 0;
            a->second_access = t;
            extra = 0;
        } else {
            a->goes_along = t + extra + 1;
            a->second_access = t + extra;
        }
    }
    a->paid = (uint32_t)extra;
    return extra;
}

static void alignment_skip(Alignment *a, uint64_t cycles) {
    a->stores_drained += cycles;
    a->second_access += cycles;
    if (a->goes_along) a->goes_along += cycles;
}

#endif
