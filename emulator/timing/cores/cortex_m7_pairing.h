/* Which two instructions issue in one cycle. Twin: cortex_m7_pairing.py. */
#ifndef BOARDLESS_CORTEX_M7_PAIRING_H
#define BOARDLESS_CORTEX_M7_PAIRING_H

#include <stdint.h>

#include "step.h"

enum {                     /* Decoded.traits, and what a slot keeps of them: the fields of Slot in their order */
    M7_MULTIPLIES = 1 << 0, M7_STORES = 1 << 1, M7_LOADS = 1 << 2, M7_ODD_WORD = 1 << 3, M7_BITS = 1 << 4,
    M7_USES_SHIFTER = 1 << 5, M7_SHIFTED_OPERAND = 1 << 6, M7_PLAIN_SHIFT = 1 << 7, M7_FLOATING = 1 << 8,
    M7_BRANCHES = 1 << 9, M7_MOVES_FLOAT = 1 << 10,
    M7_HAS_SLOT = 1 << 11, M7_BASE = 12 /* bits 15:12, where M7_HAS_BASE */, M7_HAS_BASE = 1 << 16,
    M7_SLOT = (1 << 17) - 1,
    M7_IS_FP_MOVE = 1 << 17, M7_IS_MAC = 1 << 18, M7_IS_MULTIPLY = 1 << 19, M7_MAY_RUN_EARLY = 1 << 20,
    M7_READS_NOTHING = 1 << 21 /* a branch: nothing but its address */, M7_IN_MAC_SHADOW = 1 << 22,
    M7_NARROW_STORE = 1 << 23
};

/* Of a load or store of a family: its own base, and which word of two its offset means. */
static inline void m7_place(Decoded *i) {
    if (!(i->flags & IS_MEMORY) || !(i->traits & M7_HAS_SLOT)) return;
    i->traits = (i->traits & ~(uint32_t)M7_ODD_WORD) | (i->offset & 4 ? M7_ODD_WORD : 0);
    if (i->traits & M7_HAS_BASE) i->traits = (i->traits & ~(15u << M7_BASE)) | (uint32_t)i->base << M7_BASE;
}

/* The bits that a partner sees; 0: it takes none. */
static inline uint32_t slot_of(const Decoded *i) { return i->traits & M7_HAS_SLOT ? i->traits & M7_SLOT : 0; }

static inline int same_base(uint32_t older, uint32_t younger) {
    const uint32_t base = M7_HAS_BASE | 15u << M7_BASE;
    return older & M7_HAS_BASE && (older & base) == (younger & base);
}

/* Whether two loads meet one bank for certain. */
static inline int same_bank(uint32_t older, uint32_t younger) {
    return same_base(older, younger) && !((older ^ younger) & M7_ODD_WORD);
}

static inline int may_pair(uint32_t older, uint32_t younger) {
    const uint32_t computes = M7_MULTIPLIES | M7_STORES, shifts = M7_SHIFTED_OPERAND | M7_PLAIN_SHIFT | M7_USES_SHIFTER;
    if (!younger || younger & M7_BITS) return 0;
    if (older & computes && younger & computes) return 0;
    if (younger & M7_SHIFTED_OPERAND && older & shifts) return 0;
    if (older & younger & (M7_FLOATING | M7_BRANCHES)) return 0;
    return !(older & younger & M7_LOADS && same_bank(older, younger));
}

static inline int share_decoder(uint32_t older, uint32_t younger) {
    return may_pair(older, younger) || older & younger & M7_LOADS;
}

static inline int unknown_banks(uint32_t older, uint32_t younger) {
    return younger & M7_LOADS && !same_base(older, younger);
}

#endif
