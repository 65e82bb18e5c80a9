/* Pairs of loads that meet a bank, remembered from the last passes: a short cut of the native hook alone.
 *
 * What a path's pairs pay depends on two bits of each group's base alone.
 */
#ifndef BOARDLESS_BANKS_H
#define BOARDLESS_BANKS_H

#include "block.h"
#include "homes.h"
#include "tables.h"

#define MOST_BANKED 16     /* groups whose bits fit in a word */

static __attribute__((noinline)) void find_meetings(Block *b, const Path *path, Meetings *m, uint32_t bases) {
    add_meetings(b, path, m);
    m->bases = bases;
    m->stall = 0;
    for (uint32_t i = 0; i < path->n_pairs; i++) m->stall += (uint32_t)meets(&path->pairs[i], bases);
}

/* The stalls of all pairs of a block that has at most MOST_BANKED groups. */
static inline uint32_t meet_at_once(Block *b, const Path *path) {
    uint32_t bases = 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        uint32_t base = b->group_base[g], is_word = !(base & 3) && b->group_state[g] != GROUP_UNKNOWN;
        bases |= ((base >> 2 & 1) | is_word << 1) << 2 * g;
    }
    Meetings *m = &path->meetings[(bases ^ bases >> 1) & (MEETINGS - 1)];
    if (m->bases != bases) find_meetings(b, path, m, bases);
    m->times++;
    return m->stall;
}

#endif
