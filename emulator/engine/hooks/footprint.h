/* Which stretches of memory the data accesses go to. Twin: footprint.py.
 *
 * An access belongs where its first byte lies. A group of accesses that stays in the stretch of its
 * last pass costs a comparison: its passes are spread over its accesses when it leaves.
 */
#ifndef BOARDLESS_FOOTPRINT_H
#define BOARDLESS_FOOTPRINT_H

#include <stdlib.h>

#include "../data_rights.h"
#include "../events.h"
#include "addresses.h"
#include "block.h"

typedef struct { uint64_t loads, stores, stall, misses; } Stretch;

typedef struct {
    uint32_t n, *starts;   /* n = 0: nobody asks */
    Stretch *stretches;
} Footprint;

static uint32_t footprint_find(const Footprint *f, uint32_t address) {
    return segment_among(f->starts, f->n, address);
}

/* The stretch that an access of data goes to; where all of its group lies in one, that is known. */
static uint32_t footprint_of_event(const Footprint *f, const Block *b, uint32_t event) {
    uint32_t g = b->event_group[event];
    if (g == NO_GROUP) return footprint_find(f, b->data_address[event]);
    const GroupStretch *k = &b->group_stretch[g];
    if (b->group_base[g] - k->first < k->size_bytes) return k->number;
    return footprint_find(f, b->group_base[g] + b->events[event].address);
}

static void footprint_charge(Footprint *f, const Block *b, uint32_t event, uint64_t cycles) {
    if (f->n) f->stretches[footprint_of_event(f, b, event)].stall += cycles;
}

/* Caches had not what an event wanted. */
static __attribute__((noinline)) void footprint_miss(Footprint *f, const Block *b, uint32_t event, uint64_t times) {
    if (!f->n) return;
    int is_fetch = b->events[event].kind == EVENT_FETCH;
    uint32_t number = is_fetch ? footprint_find(f, b->events[event].address) : footprint_of_event(f, b, event);
    f->stretches[number].misses += times;
}

static void footprint_add(Footprint *f, const Event *event, uint32_t number, uint64_t times) {
    if (event->kind == EVENT_STORE) f->stretches[number].stores += times * event->count;
    else f->stretches[number].loads += times * event->count;
}

/* Spread what was counted as passes of a group. */
static void footprint_flush(Footprint *f, Block *b, uint32_t g) {
    GroupStretch *k = &b->group_stretch[g];
    const Group *group = &b->groups[g];
    for (uint32_t i = 0; k->passes && i < group->n; i++)
        footprint_add(f, &b->events[b->group_events[group->first + i]], k->number, k->passes);
    k->passes = 0;
}

/* A group that is not where it was. */
static __attribute__((noinline)) void footprint_move(Footprint *f, Block *b, uint32_t g) {
    GroupStretch *k = &b->group_stretch[g];
    const Group *group = &b->groups[g];
    footprint_flush(f, b, g);
    k->size_bytes = 0;
    uint32_t first = b->group_base[g] + (uint32_t)group->min_offset;
    uint32_t span = (uint32_t)(group->max_offset - group->min_offset), number = footprint_find(f, first);
    uint64_t end = number + 1 < f->n ? f->starts[number + 1] : 1ull << 32;
    if ((uint64_t)first + span < end) {
        *k = (GroupStretch){f->starts[number] - (uint32_t)group->min_offset, number, end - f->starts[number] - span, 1};
        return;
    }
    for (uint32_t i = 0; i < group->n; i++) {
        const Event *event = &b->events[b->group_events[group->first + i]];
        footprint_add(f, event, footprint_find(f, b->group_base[g] + event->address), 1);
    }
}

/* The data of a block that has ended. */
static void footprint_count(Footprint *f, Block *b) {
    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (b->group_state[g] == GROUP_UNKNOWN) continue;
        GroupStretch *k = &b->group_stretch[g];
        if (b->group_base[g] - k->first < k->size_bytes) k->passes++;
        else footprint_move(f, b, g);
    }
    for (uint32_t i = 0; b->hooks_addresses && i < b->n_hooked; i++) {
        const Hooked *h = &b->hooked[i];
        if ((h->kind == HOOK_ADDRESS || h->kind == HOOK_ELEMENT) && b->data_valid[h->event])
            footprint_add(f, &b->events[h->event], footprint_find(f, b->data_address[h->event]), 1);
    }
}

static void footprint_free(Footprint *f) {
    free(f->starts);
    free(f->stretches);
    *f = (Footprint){0, NULL, NULL};
}

#endif
