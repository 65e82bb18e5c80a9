/* Where the current block's data lie, and what its operands cost. Twin: addresses.py.
 *
 * The addresses stay a base for each group until an event of theirs is priced by itself.
 */
#ifndef BOARDLESS_ADDRESSES_H
#define BOARDLESS_ADDRESSES_H

#include <string.h>

#include "../../timing/divider.h"
#include "../../timing/memory/memory_system.h"
#include "../events.h"
#include "../register_file.h"
#include "address_program.h"
#include "block.h"
#include "homes.h"

typedef void (*suspect_fn)(uint32_t address);

#define MOST_GUARDS 24
#define MOST_ELEMENTS 16

typedef struct { uint32_t first, last; } Guard; /* bytes that an MPU keeps, in a page of others */

typedef struct {           /* of a gather, a scatter or an interleaving access that is about to be executed */
    uint32_t active;       /* a bit each */
    uint32_t addresses[MOST_ELEMENTS];
} Elements;

typedef struct {
    suspect_fn suspect;    /* the instruction there is about to execute and may trap, by its operands */
    Registers registers;
    DivideTiming divide;
    Values values;         /* of the current block's program */
    Elements elements;
    uint32_t read[16];     /* registers, where they are not found elsewhere */
    uint32_t n_guards;
    Guard guards[MOST_GUARDS];
} Addresses;

static inline int group_base(const Addresses *a, void *uc, const Group *group, uint32_t *base) {
    uint32_t at = 0;
    if (group->base < FIRST_SLOT) at = read_register(&a->registers, uc, group->base);
    else if (group->base != NO_REGISTER) {
        if (!a->values.valid[group->base - FIRST_SLOT]) return 0;
        at = a->values.slots[group->base - FIRST_SLOT];
    }
    if (group->index != NO_REGISTER) at += read_register(&a->registers, uc, group->index) << group->shift;
    *base = at;
    return 1;
}

/* Whether a group can cost anything. Says whether all of it is in the memory that was accessed last. */
static __attribute__((noinline)) int place_group(MemorySystem *m, Block *b, uint32_t g, uint32_t base) {
    Group *group = &b->groups[g];
    uint32_t before = group->region;
    TimedRegion *r = region_near(m, base + group->min_offset, &group->region);
    int inside = r && base + group->max_offset < r->end;
    if (group->region != before) b->placed++;
    if (group->aligned && !(base & group->align_mask) && (!r || (r->is_free && inside))) {
        b->group_state[g] = GROUP_FREE;
    } else {
        b->group_state[g] = GROUP_COSTS;
        b->group_home[g].size_bytes = 0; /* group->region is another one now, and memory_changes.h relies on it */
        if ((base + group->strict_offset) & group->strict_mask) b->misaligned = 1;
        b->costs = 1;
    }
    set_home(m, b, g, r);
    return inside && memory_number(r) == m->last_memory && !r->first_load;
}

/* Finds where each group of the block's data lies, and which of them can cost anything. `stays`: every access
 * goes to the memory that was accessed last; else all are kept, in their order. */
static __attribute__((noinline)) void place_groups(Addresses *a, MemorySystem *m, void *uc, Block *b) {
    int stays = !b->hooks_addresses;
    uint32_t last_memory = m->last_memory;
    b->is_plain = b->is_skewed = b->costs = 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        const GroupHome *home = &b->group_home[g];
        uint32_t base;
        if (!group_base(a, uc, &b->groups[g], &base)) {
            b->group_state[g] = GROUP_UNKNOWN;
            b->group_home[g].size_bytes = 0;
            continue;
        }
        b->group_base[g] = base;
        if (base - home->first < home->size_bytes && b->groups[g].aligned && !(base & home->align_mask)) {
            b->group_state[g] = home->state;
            b->costs |= home->state == GROUP_COSTS;
            stays &= home->memory == last_memory;
        } else stays &= place_group(m, b, g, base);
    }
    b->in_order = m->other_memory && !stays;
}

/* Finds the bases of the block's data at its entry, and what of them can cost anything. */
static inline void addresses_capture(Addresses *a, MemorySystem *m, void *uc, Block *b) {
    m->loaded = NO_INSTRUCTION;
    if (b->expanded || b->hooks_data) memset(b->data_valid, 0, b->n_events);
    b->expanded = b->misaligned = 0;
    const uint32_t *registers = all_registers(&a->registers, uc, a->read);
    if (b->homes_settings != m->settings) {
        forget_homes(b, registers, a->values.slots);
        b->homes_settings = m->settings;
    }
    int known = !b->n_program || run_program(b->program, b->n_program, registers, m, &a->values);
    if (known && at_homes(b)) stay_at_homes(m, b);
    else place_groups(a, m, uc, b);
    b->pending = b->costs || (b->in_order && b->n_groups);
}

static __attribute__((noinline)) int in_guard(const Addresses *a, uint32_t first, uint32_t n_bytes) {
    for (uint32_t i = 0; i < a->n_guards; i++) {
        const Guard *guard = &a->guards[i];
        if (guard->first - first < n_bytes || first - guard->first <= guard->last - guard->first) return 1;
    }
    return 0;
}

static int group_meets_guard(const Addresses *a, const Block *b, const Group *group, uint32_t base) {
    uint32_t n_bytes = (uint32_t)group->max_offset - (uint32_t)group->min_offset + 1;
    if (!in_guard(a, base + (uint32_t)group->min_offset, n_bytes)) return 0;
    for (uint32_t i = 0; i < group->n; i++) {
        const Event *v = &b->events[b->group_events[group->first + i]];
        if (in_guard(a, base + v->address, (uint32_t)v->size_bytes * v->count)) return 1;
    }
    return 0;
}

/* Whether an access of the block may meet a guard: one that its entry tells of, or one that it does not. */
static __attribute__((noinline)) int meets_guard(const Addresses *a, const Block *b) {
    for (uint32_t g = 0; g < b->n_groups; g++)
        if (b->group_state[g] == GROUP_UNKNOWN || group_meets_guard(a, b, &b->groups[g], b->group_base[g])) return 1;
    return 0;
}

/* Gives each data event of this execution its address, where it can cost anything. */
static void expand_addresses(Block *b) {
    b->expanded = 1;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (b->group_state[g] == GROUP_UNKNOWN || (b->group_state[g] == GROUP_FREE && !b->in_order && !b->is_skewed)) continue;
        const Group *group = &b->groups[g];
        for (uint32_t i = 0; i < group->n; i++) {
            uint32_t v = b->group_events[group->first + i];
            b->data_address[v] = b->group_base[g] + b->events[v].address;
            b->data_valid[v] = 1;
        }
    }
}

static void meet_element(const Addresses *a, Block *b, const Hooked *h) {
    const Event *v = &b->events[h->event];
    uint32_t address = a->elements.addresses[h->offset];
    if (!(a->elements.active >> h->offset & 1)) return;
    if (a->n_guards && in_guard(a, address, v->size_bytes)) a->suspect(h->address);
    b->data_address[h->event] = address;
    b->data_valid[h->event] = 1;
    b->pending = 1;
}

/* At a watched instruction: its address, or what its division costs. */
static void read_operands(const Addresses *a, void *uc, Block *b, const Hooked *h) {
    const Registers *r = &a->registers;
    if (h->kind == HOOK_ELEMENT) return; /* interpret.h */
    if (h->kind == HOOK_ADDRESS || h->kind == HOOK_GUARDED) {
        uint32_t base = h->base == NO_REGISTER ? 0 : read_register(r, uc, h->base);
        if (h->index != NO_REGISTER) base += read_register(r, uc, h->index) << h->shift;
        base += (uint32_t)h->offset;
        const Event *v = &b->events[h->event];
        if ((base & h->strict_mask) || (a->n_guards && in_guard(a, base, (uint32_t)v->size_bytes * v->count)))
            a->suspect(h->address);
        if (h->kind == HOOK_GUARDED) return;
        b->data_address[h->event] = base;
    } else {
        uint32_t dividend = read_register(r, uc, h->dividend), divisor = read_register(r, uc, h->divisor);
        if (!divisor) a->suspect(h->address);
        b->data_address[h->event] = divide_extra(&a->divide, dividend, divisor, h->kind == HOOK_DIVIDE_SIGNED);
    }
    b->data_valid[h->event] = 1;
    b->pending = 1;
}

#endif
