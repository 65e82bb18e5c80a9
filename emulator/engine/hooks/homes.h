/* Where a block's data have been found, for which bases that holds, and what follows from it: a short cut of
 * the native hook alone, beside addresses.h.
 *
 * A group is at home as long as its base lies where all its accesses go to one memory and none traps. Where all groups
 * of a block are, whether they cost anything and which of their events do is known from the last time.
 */
#ifndef BOARDLESS_HOMES_H
#define BOARDLESS_HOMES_H

#include "../../timing/memory/memory_system.h"
#include "../events.h"
#include "block.h"

enum { GROUP_UNKNOWN, GROUP_FREE, GROUP_COSTS }; /* of one execution of a block */

/* The cache that serves a group of a region, where hits cost nothing and only mark their lines. */
static Cache *cache_at_home(MemorySystem *m, const Block *b, const Group *group, const TimedRegion *r) {
    if (r->port < 0 || r->data_cache < 0 || !m->caches[r->data_cache].enabled) return NULL;
    Cache *c = &m->caches[r->data_cache];
    if (1u << c->line_shift > LONGEST_LINE || m->ports[r->port].rules == RULES_STM32_LINE_BUFFERS) return NULL;
    int keeps_stores = m->ports[r->port].rules == RULES_LEVEL_ONE && r->stores == WRITE_BACK;
    for (uint32_t i = 0; !keeps_stores && i < group->n; i++)
        if (b->events[b->group_events[group->first + i]].kind == EVENT_STORE) return NULL;
    return c;
}

/* No base is known to be in one memory. `registers`: r0..r15; `slots`: values that the block's program computes. */
static void forget_homes(Block *b, const uint32_t *registers, const uint32_t *slots) {
    static const uint32_t nothing = 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const Group *group = &b->groups[g];
        GroupHome home = {.base = &nothing, .index = &nothing, .shift = group->shift};
        if (group->base < FIRST_SLOT) home.base = &registers[group->base];
        else if (group->base != NO_REGISTER) home.base = &slots[group->base - FIRST_SLOT];
        if (group->index != NO_REGISTER) home.index = &registers[group->index];
        b->group_home[g] = home;
    }
    b->homes_summed = 0;
}

/* Remembers for which bases a group lies whole in the region `r`, so that the next pass need not ask. */
static void set_home(MemorySystem *m, Block *b, uint32_t g, const TimedRegion *r) {
    const Group *group = &b->groups[g];
    GroupHome *home = &b->group_home[g];
    uint32_t span = (uint32_t)(group->max_offset - group->min_offset);
    home->size_bytes = 0;
    b->homes_summed = 0;
    if (!r || span >= r->end - r->base) return;
    home->first = r->base - (uint32_t)group->min_offset;
    home->size_bytes = r->end - r->base - span;
    home->align_mask = group->align_mask;
    home->memory = r->first_load ? NO_MEMORY : memory_number(r);
    home->strict_mask = group->strict_mask;
    home->strict_offset = group->strict_offset;
    home->never_aligned = !group->aligned;
    home->state = r->is_free ? GROUP_FREE : GROUP_COSTS;
    home->cache = cache_at_home(m, b, group, r);
    home->port = r->port < 0 ? NULL : &m->ports[r->port];
}

/* Finds the bases of all groups; says whether all are at home. Their states are those of their homes then. */
static inline int at_homes(Block *b) {
    uint32_t away = 0, skewed = 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const GroupHome *home = &b->group_home[g];
        uint32_t base = *home->base + (*home->index << home->shift);
        b->group_base[g] = base;
        away |= (base - home->first >= home->size_bytes) | ((base + home->strict_offset) & home->strict_mask);
        skewed |= (base & home->align_mask) | home->never_aligned;
    }
    b->is_skewed = skewed != 0;
    return !away;
}

/* Whether an event is in the list of those that may cost: 0: data that do at home, 1: all data, 2: code, too. */
static int is_listed(const Block *b, uint32_t event, uint32_t list) {
    uint32_t g = b->event_group[event];
    if (g != NO_GROUP) return list > 0 || b->group_home[g].state == GROUP_COSTS;
    return list > 1 && (b->events[event].kind == EVENT_FETCH || b->events[event].kind == EVENT_QUEUE);
}

/* What all groups cost together where they are at home, and which events. */
static __attribute__((noinline)) void sum_homes(Block *b) {
    b->home_costs = 0;
    b->home_memory = b->n_groups ? b->group_home[0].memory : NO_MEMORY;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        b->home_costs |= b->group_home[g].state == GROUP_COSTS;
        if (b->group_home[g].memory != b->home_memory) b->home_memory = NO_MEMORY;
    }
    for (uint32_t list = 0; list < 3; list++) {
        b->n_costing[list] = 0;
        for (uint32_t i = 0; i < b->n_events; i++)
            if (is_listed(b, i, list)) b->costing[list * b->n_events + b->n_costing[list]++] = (uint16_t)i;
    }
    b->homes_summed = 1;
}

static inline void stay_at_homes(const MemorySystem *m, Block *b) {
    if (!b->homes_summed) sum_homes(b);
    b->is_plain = !b->hooks_data;
    b->costs = b->home_costs | b->is_skewed;
    b->in_order = m->other_memory && (b->hooks_addresses || b->home_memory != m->last_memory);
}

#endif
