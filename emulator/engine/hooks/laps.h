/* A block that runs round on itself: laps are counted, and only their data are priced, where they can cost.
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
#define FEWEST_RUSHED 2    /* laps that are worth it */

#define MOST_STRIDES 16    /* of groups of such a block */

typedef struct {
    uint32_t address, size_bytes; /* of the block that runs round; 0: none does */
    uint32_t left, begun;
    uint32_t cycles, instructions, stall;
    uint32_t has_costs;    /* data are priced in each lap, and counted there */
    uint32_t rushed, later; /* so many laps need no pricing, and then so many do; 0: all do */
    const Path *path;
    Step *step;            /* back to the block itself */
    int32_t strides[MOST_STRIDES]; /* of the groups' bases */
} Laps;

/* Whether a block may be one that laps are counted of, as far as its plan tells. */
static int may_lap(const Block *b) {
    for (uint32_t g = 0; g < b->n_groups; g++)
        if (!b->groups[g].has_stride) return 0;
    return b->n_groups <= MOST_STRIDES && !b->n_hooked && !b->n_program && !b->host;
}

/* For how many more laps all groups stay at home. */
static uint32_t laps_at_home(Laps *l, const Block *b, const uint32_t *registers) {
    uint32_t laps = MOST_LAPS;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const Group *group = &b->groups[g];
        int32_t stride = group->stride;
        if (group->stride_register != NO_REGISTER) stride += (int32_t)registers[group->stride_register];
        if ((uint32_t)stride & group->align_mask) return 0;
        l->strides[g] = stride;
        uint32_t behind = b->group_base[g] - b->group_home[g].first;
        uint32_t room = stride < 0 ? behind : b->group_home[g].size_bytes - 1 - behind;
        uint32_t step = stride < 0 ? 0u - (uint32_t)stride : (uint32_t)stride;
        if (step && room / step < laps) laps = room / step;
    }
    return laps;
}

/* The block has just been entered; `step`: from its path back into it. */
static __attribute__((noinline)) void begin_laps(Laps *l, Pricing *p, void *uc, Block *b, const Path *path, Step *step) {
    MemorySystem *m = &p->memory;
    const MemoryChanges *k = &b->changes;
    uint32_t has_costs = b->costs || path->n_pairs;
    if (!b->is_plain || p->footprint.n || p->addresses.n_guards || (path->n_pairs && b->n_groups > MOST_BANKED)) return;
    if (b->branch && !predictor_is_sure(&p->predictor, b->branch->address)) return;
    if (b->in_order && b->home_memory != NO_MEMORY) return; /* in the first lap alone */
    if (b->in_order && !has_costs && !(changes_are_known(m, b) && k->to == k->from)) return;
    if (b->n_fetches && !fetch_hits(m, b, p->head.cycles)) return;
    uint32_t laps = laps_at_home(l, b, all_registers(&p->addresses.registers, uc, p->addresses.read));
    if (laps < FEWEST_LAPS) return;
    l->address = step->address;
    l->size_bytes = step->size_bytes;
    l->left = l->begun = laps;
    l->has_costs = has_costs;
    l->stall = b->in_order && !has_costs ? k->stall : 0;
    l->cycles = step->cycles + l->stall;
    l->instructions = b->instructions;
    l->path = path;
    l->step = step;
}

/* Price the data of the lap that ends, and go on to the next; says whether it could. */
static __attribute__((noinline)) int price_lap(Laps *l, Pricing *p, Block *b) {
    MemorySystem *m = &p->memory;
    DataLines data;
    uint64_t t = p->head.cycles, stall = 0;
    m->loaded = NO_INSTRUCTION;
    if (b->n_fetches && !fetch_hits(m, b, t)) return 0;
    int found = b->costs ? find_data(b, t, &data) : DATA_HIT;
    if (found == DATA_OTHER || (found == DATA_HOT && data.n_missed && !others_give_way(b, &data))) return 0;
    if (b->n_fetches) use_fetches(m, b, b->costs && data.cache == b->fetched.cache);
    if (found == DATA_HOT) stall = run_hot(m, b, l->path->issue, t, &data);
    else {
        if (b->costs) use_data(b, &data);
        if (b->in_order) stall = change_memories(m, b);
    }
    if (l->path->n_pairs) stall += meet_at_once(b, l->path);
    p->head.cycles += stall;
    l->step->stall += stall;
    l->step->passes++;
    p->head.block_serial++;
    for (uint32_t g = 0; g < b->n_groups; g++) b->group_base[g] += (uint32_t)l->strides[g];
    return 1;
}

/* For how many laps, from the one that runs, all data that can cost stay in lines that are in their cache, none of
 * them being filled; 0 when it is not worth it. */
static uint32_t laps_in_lines(const Laps *l, const Block *b, uint64_t t) {
    uint32_t laps = l->left;
    const Cache *all = NULL;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const GroupHome *home = &b->group_home[g];
        if (home->state != GROUP_COSTS) continue;
        if (!home->cache || (all && all != home->cache)) return 0;
        all = home->cache;
        uint32_t first = b->group_base[g] + (uint32_t)b->groups[g].min_offset;
        uint32_t last = b->group_base[g] + (uint32_t)b->groups[g].max_offset, behind = (1u << all->line_shift) - 1;
        if ((first ^ last) >> all->line_shift) return 0;
        uint32_t step = l->strides[g] < 0 ? 0u - (uint32_t)l->strides[g] : (uint32_t)l->strides[g];
        uint32_t room = l->strides[g] < 0 ? first & behind : ~last & behind;
        if (room < step * (FEWEST_RUSHED - 1)) return 0;
        if (step && room / step + 1 < laps) laps = room / step + 1;
    }
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const GroupHome *home = &b->group_home[g];
        if (home->state != GROUP_COSTS) continue;
        uint32_t line = (b->group_base[g] + (uint32_t)b->groups[g].min_offset) >> all->line_shift;
        if (cache_find(home->cache, line) == ABSENT || port_fills(home->port, home->cache, line, 1, t)) return 0;
    }
    return laps;
}

/* A lap has just begun whose data can cost: where they will not for some laps, those need no pricing. */
static __attribute__((noinline)) void begin_rush(Laps *l, Pricing *p, Block *b) {
    MemorySystem *m = &p->memory;
    const MemoryChanges *k = &b->changes;
    if (l->left < FEWEST_RUSHED || l->path->n_pairs || b->is_skewed || !b->costs) return;
    if (b->in_order && !(changes_are_known(m, b) && k->to == k->from)) return;
    uint32_t laps = laps_in_lines(l, b, p->head.cycles);
    if (laps < FEWEST_RUSHED || (b->n_fetches && !fetch_hits(m, b, p->head.cycles))) return;
    l->rushed = laps;
    l->later = l->left - laps;
    l->left = laps;
    l->has_costs = 0;
    l->stall = b->in_order ? k->stall : 0;
    l->cycles += l->stall;
}

/* The laps that needed no pricing are over: what they left behind is what their last one did. */
static __attribute__((noinline)) void end_rush(Laps *l, Pricing *p, Block *b) {
    MemorySystem *m = &p->memory;
    Cache *code = b->n_fetches ? b->fetched.cache : NULL;
    uint64_t done = l->rushed - l->left, before = done - 1, ticks = before * b->event_order[b->n_events];
    uint32_t stall = l->stall;
    DataLines data;
    l->left += l->later;
    l->rushed = l->later = l->stall = 0;
    l->cycles -= stall;
    l->has_costs = 1;
    if (!done) return;
    for (uint32_t g = 0; g < b->n_groups; g++) b->group_base[g] += (uint32_t)before * (uint32_t)l->strides[g];
    find_data(b, UINT64_MAX, &data);
    data.cache->tick += ticks;
    data.cache->hits += before * data.accesses;
    if (code) {
        code->hits += before * b->n_fetches;
        if (code != data.cache) code->tick += ticks;
        use_fetches(m, b, code == data.cache);
    }
    use_data(b, &data);
    if (b->in_order) b->changes.times += done;
    l->step->passes += done;
    l->step->stall += done * stall;
    p->head.block_serial += done;
    for (uint32_t g = 0; g < b->n_groups; g++) b->group_base[g] += (uint32_t)l->strides[g];
}

/* Counts go where they belong. */
static __attribute__((noinline)) void end_laps(Laps *l, Pricing *p, Block *b) {
    if (l->rushed) end_rush(l, p, b);
    l->size_bytes = 0;
    if (l->has_costs) return;
    uint32_t done = l->begun - l->left;
    l->step->passes += done;
    l->step->stall += (uint64_t)done * l->stall;
    p->head.block_serial += done;
    if (b->n_fetches) b->fetched.cache->hits += (uint64_t)done * b->n_fetches;
    if (b->in_order) b->changes.times += done;
    for (uint32_t g = 0; g < b->n_groups; g++) b->group_base[g] += done * (uint32_t)l->strides[g];
}

#endif
