/* A block that runs round on itself, with every lap as the one before: laps are counted, not priced.
 *
 * A short cut of the native hook alone. A lap costs what the last one did as long as the pipeline's state comes
 * back, the code is in its cache, and all data are at home where nothing can cost (homes.h). How many laps that
 * holds for is known from the strides of the groups' bases. Cycles and instructions are right at every moment;
 * all other counts come where they belong when the laps end.
 */
#ifndef BOARDLESS_LAPS_H
#define BOARDLESS_LAPS_H

#include "../../timing/branch_predictor.h"
#include "all_hits.h"
#include "block.h"
#include "memory_changes.h"
#include "pricing.h"
#include "tables.h"

#define FEWEST_LAPS 2
#define MOST_LAPS (1u << 20)

typedef struct {
    uint32_t address, size_bytes; /* of the block that runs round; 0: none does */
    uint32_t left, begun;
    uint32_t cycles, instructions, stall;
    Step *step;            /* back to the block itself */
} Laps;

/* Whether a block may be one that laps are counted of, as far as its plan tells. */
static int may_lap(const Block *b) {
    for (uint32_t g = 0; g < b->n_groups; g++)
        if (!b->groups[g].has_stride || ((uint32_t)b->groups[g].stride & b->groups[g].align_mask)) return 0;
    return !b->n_hooked && !b->n_program && !b->host;
}

/* For how many more laps all groups stay at home, at least. */
static uint32_t laps_at_home(const Block *b) {
    uint32_t laps = MOST_LAPS;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        int32_t stride = b->groups[g].stride;
        uint32_t behind = b->group_base[g] - b->group_home[g].first;
        uint32_t room = stride < 0 ? behind : b->group_home[g].size_bytes - 1 - behind;
        uint32_t step = stride < 0 ? 0u - (uint32_t)stride : (uint32_t)stride;
        if (step && room / step < laps) laps = room / step;
    }
    return laps;
}

/* The block has just been entered from itself. */
static __attribute__((noinline)) void begin_laps(Laps *l, Pricing *p, Block *b, const Path *path, Step *step) {
    MemorySystem *m = &p->memory;
    const MemoryChanges *k = &b->changes;
    if (!b->is_plain || b->costs || path->n_pairs || p->footprint.n || p->addresses.n_guards) return;
    if (b->branch && !predictor_is_sure(&p->predictor, b->branch->address)) return;
    if (b->in_order && !(changes_are_known(m, b) && k->to == k->from)) return;
    if (b->n_fetches && !fetch_hits(m, b, p->head.cycles)) return;
    uint32_t laps = laps_at_home(b);
    if (laps < FEWEST_LAPS) return;
    uint32_t stall = b->in_order ? k->stall : 0;
    *l = (Laps){step->address, step->size_bytes, laps, laps, step->cycles + stall, b->instructions, stall, step};
}

/* Counts go where they belong. */
static __attribute__((noinline)) void end_laps(Laps *l, Pricing *p, Block *b) {
    uint32_t done = l->begun - l->left;
    l->step->passes += done;
    l->step->stall += (uint64_t)done * l->stall;
    p->head.block_serial += done;
    if (b->n_fetches) b->fetched.cache->hits += (uint64_t)done * b->n_fetches;
    if (b->in_order) b->changes.times += done;
    for (uint32_t g = 0; g < b->n_groups; g++) b->group_base[g] += done * (uint32_t)b->groups[g].stride;
    l->size_bytes = 0;
}

#endif
