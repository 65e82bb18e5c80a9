/* What the hook keeps of a block: its plan, and what its events have added up. Twin: block.py.
 *
 * Here also what this execution of the block knows, and what the short cuts of all_hits.h remember.
 */
#ifndef BOARDLESS_BLOCK_H
#define BOARDLESS_BLOCK_H

#include <stdlib.h>
#include <string.h>

#include "../../timing/memory/port.h"
#include "../events.h"
#include "short_program.h"

#define MOST_LINES 64      /* of one block's code, or of its data */
#define LONGEST_LINE 32
#define DATA_WORDS 2       /* of a bit each datum of a block */
#define NO_MEMORY UINT32_MAX
#define NO_GROUP UINT16_MAX
#define EVENT_COUNTERS 3u  /* of each event */
#define MOST_LOADS 8

#define CACHE_LINE 64      /* of the host */

struct Block;
struct Path;

typedef struct {           /* a cache line that a group's accesses use */
    int32_t delta;         /* in lines, from the base's */
    uint16_t order;        /* of the last access to it, among all accesses of the block */
    uint16_t written;
    uint64_t events[DATA_WORDS]; /* of the block's data, in their order, those that go there: a bit each */
} Touch;

typedef struct {           /* the lines that a group's accesses use */
    uint32_t n, accesses;
    uint64_t *of_event;    /* of each event of the group, in their order: its lines, a bit each */
    Touch touches[];
} TouchList;

typedef struct {           /* of one group, by the base's place in its line; made when first needed */
    TouchList *lists[LONGEST_LINE];
    uint32_t line_shift;
} Touches;

typedef struct {           /* the bases for which a group is in one memory: a short cut; and where its base is */
    const uint32_t *base, *index; /* the base is their sum, the second one shifted left */
    uint32_t first, size_bytes, align_mask;
    uint32_t memory;       /* its number, NO_MEMORY when a load there may wait */
    uint8_t shift, state;  /* state: GROUP_FREE or GROUP_COSTS */
    uint8_t never_aligned; /* some access is misaligned wherever the base is */
    uint32_t strict_mask, strict_offset; /* the group's */
    Cache *cache;          /* that serves it where a hit costs nothing; else NULL */
    const Port *port;
    uint32_t first_line;   /* of this execution: in DataLines */
    const TouchList *lines; /* of this execution */
} GroupHome;

typedef struct {           /* all lines of a block's code: where they were in the cache, and when that holds */
    Cache *cache;          /* NULL: not all were there */
    const Port *port;
    uint64_t changes;      /* the cache's, when they were looked up */
    uint32_t settings, first;
    uint32_t span, is_unified; /* lines from the first to the last; is_unified: data there go through the same cache */
    LateUse use;
} FetchedLines;

typedef struct {           /* footprint.h: the bases for which a group stays in one stretch, and passes that did */
    uint32_t first, number;
    uint64_t size_bytes, passes;
} GroupStretch;

typedef struct { uint16_t event, cycles; } MemoryChange;

typedef struct {           /* memory_changes.h: what the data paid for changes of the memory, and when it holds */
    uint32_t settings, from, to; /* the memory system's settings, its memory before and behind the block */
    uint32_t placed;       /* the block's, then */
    uint32_t n, stall;
    uint64_t times;        /* paid, not yet added to the events' sums */
    MemoryChange *paid;
} MemoryChanges;

typedef struct {           /* a load; shared with Python: keep in step with native_reads.py */
    uint32_t position, size_bytes, cycle, base, index, shift; /* cycle: behind the block's start */
    uint32_t offset;       /* of a literal: its address */
} KnownLoad;

/* What each pass looks at lies in front, by the moment: entering, leaving, where the data lie. */
typedef struct Block {
    /* -- entering -- */
    uint32_t index, address, size_bytes, fall_through, instructions, entry_class;
    uint8_t *host;         /* its bytes */
    uint64_t permitted;    /* the maps under which it may be executed, a bit each */
    uint32_t n_data, leaves; /* leaves: what leaving it may mean to the call contexts: contexts.h */
    uint32_t observed_all;
    uint8_t counts_alone;  /* nothing of it has a price of its own: no fetch, no data, no predicted branch */
    uint8_t dropped;       /* its memory was written by the host: asked for anew */
    uint8_t it;            /* the IT state that it begins in */
    uint8_t may_price;     /* paths through it may be priced natively: answers.h */
    uint8_t redirects;     /* the interpreter's, not Unicorn's: interpret.h */
    /* -- of this execution: addresses.h -- */
    uint8_t pending;       /* some data may cost */
    uint8_t expanded;      /* data_address and data_valid are those of this execution's groups */
    uint8_t misaligned;    /* a group's access may trap */
    uint8_t in_order;      /* every access counts, free ones too: the memory changes */
    uint8_t costs;         /* a group's does, wherever the memory was before */
    uint8_t hooks_data;    /* some address or extra is not known at the entry */
    uint8_t hooks_addresses;
    uint8_t watches_guards; /* accesses that may meet a guard are looked at one by one */
    uint8_t watches_alignment; /* accesses that may trap are looked at one by one */
    uint8_t may_lap;       /* as far as its plan tells: laps.h */
    uint8_t is_plain;      /* all groups are at home and the entry tells all addresses: homes.h */
    uint8_t homes_summed, home_costs; /* home_costs: a group at home does */
    uint8_t is_skewed;     /* of this execution: some access of groups at home may be misaligned */
    uint32_t home_memory;  /* where all groups are at home, NO_MEMORY when they are in several */
    uint32_t n_groups, n_program, n_events, n_fetches; /* fetches are priced at every pass */
    uint32_t placed;       /* counts changes of the groups' regions */
    uint32_t homes_settings; /* of the memory system, for which the homes hold */
    GroupHome *group_home;
    uint32_t *group_base;
    uint8_t *group_state;
    Value *program;        /* values computed at the entry */
    Event *branch;         /* a predicted branch at the end, or NULL */
    FetchedLines fetched;  /* these two: short cuts */
    MemoryChanges changes;
    /* -- the rest -- */
    uint32_t n_hooked;
    uint8_t *code;         /* its bytes when it was planned */
    uint32_t leaving, site, target; /* of the last instruction */
    uint32_t ways;         /* in which it was planned: answers.h */
    Event *events;
    uint64_t *event_stall, *event_unaligned, *event_bus; /* the others: parts of the first */
    Group *groups;
    uint16_t *group_events;
    Hooked *hooked;
    uint32_t *data_address;
    uint8_t *data_valid;
    uint16_t *event_group; /* of each event: its group, NO_GROUP without one */
    uint16_t *event_place, *event_number; /* its place among the group's, its number among the block's data */
    GroupStretch *group_stretch;
    /* -- its loads, which may be of a device's register: register_reads.h -- */
    uint16_t *load_issue;  /* of its events when it was entered in load_state; NULL: not known */
    uint32_t load_state, n_loads;
    KnownLoad loads[MOST_LOADS];
    /* -- short cuts, never results -- */
    uint32_t cached_state, cached_skipped;
    struct Path *cached_path;
    uint32_t region;       /* where it was last fetched from */
    uint32_t *event_region; /* each event's last */
    Touches *group_touches;
    uint16_t *event_order; /* of each event's first access among the block's, and after them their number */
    uint16_t *costing;     /* events of groups that cost at home; behind them all data's, then data's and code's */
    uint32_t n_costing[3];
} Block;

/* Zeroes that begin with a line of the host's cache. */
static void *new_lines(size_t n) {
    size_t whole = (n + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    void *to = aligned_alloc(CACHE_LINE, whole);
    return to ? memset(to, 0, whole) : NULL;
}

static void *copy_of(const void *from, size_t n) {
    void *to = malloc(n ? n : 1);
    memcpy(to, from, n);
    return to;
}

/* Numbers the accesses of the block: consecutive bytes of a word are one. */
static void order_accesses(Block *b) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n_events; i++) {
        const Event *v = &b->events[i];
        b->event_order[i] = (uint16_t)n;
        if (v->kind == EVENT_LOAD || v->kind == EVENT_STORE) n += v->count;
        else if (v->kind == EVENT_FETCH) n++;
    }
    b->event_order[b->n_events] = (uint16_t)n;
}

static void copy_plan(Block *b, const BlockPlan *plan) {
    b->address = plan->address;
    b->size_bytes = plan->size_bytes;
    b->fall_through = plan->address + plan->size_bytes;
    b->instructions = plan->instructions;
    b->entry_class = plan->entry_class;
    b->observed_all = plan->observed_all;
    b->n_events = plan->n_events;
    b->events = copy_of(plan->events, plan->n_events * sizeof *plan->events);
    b->n_groups = plan->n_groups;
    b->groups = copy_of(plan->groups, plan->n_groups * sizeof *plan->groups);
    b->group_events = copy_of(plan->group_events, plan->n_group_events * sizeof *plan->group_events);
    b->n_hooked = plan->n_hooked;
    b->hooked = copy_of(plan->hooked, plan->n_hooked * sizeof *plan->hooked);
    b->program = calloc(plan->n_program + 1u, sizeof *b->program);
    b->n_program = shorten(plan->program, plan->n_program, plan->groups, plan->n_groups, b->program);
    b->n_data = plan->n_groups + plan->n_hooked;
    b->leaving = plan->leaving;
    b->site = plan->site;
    b->target = plan->target;
}

/* Add what was paid in the same way some times to the events' sums. */
static void add_changes(Block *b) {
    MemoryChanges *k = &b->changes;
    for (uint32_t i = 0; i < k->n; i++) {
        b->event_stall[k->paid[i].event] += k->paid[i].cycles * k->times;
        b->event_bus[k->paid[i].event] += k->paid[i].cycles * k->times;
    }
    k->times = 0;
}

/* `counters`: EVENT_COUNTERS for each event, all 0. */
static Block *block_new(uint32_t index, const BlockPlan *plan, uint8_t *host, const uint8_t *code, uint64_t *counters) {
    Block *b = new_lines(sizeof *b);
    size_t n_events = plan->n_events + 1u, n_groups = plan->n_groups + 1u; /* never none */
    copy_plan(b, plan);
    b->index = index;
    b->host = host;
    b->code = copy_of(code, plan->size_bytes);
    b->event_stall = counters;
    b->event_unaligned = counters + plan->n_events;
    b->event_bus = counters + 2u * plan->n_events;
    b->data_address = calloc(n_events, sizeof *b->data_address);
    b->data_valid = calloc(n_events, sizeof *b->data_valid);
    b->event_region = calloc(n_events, sizeof *b->event_region);
    b->event_order = calloc(n_events, sizeof *b->event_order);
    b->group_home = new_lines(n_groups * (sizeof *b->group_home + sizeof *b->group_base + sizeof *b->group_state));
    b->group_base = (uint32_t *)(b->group_home + n_groups); /* side by side */
    b->group_state = (uint8_t *)(b->group_base + n_groups);
    b->homes_settings = UINT32_MAX;
    b->group_touches = calloc(n_groups, sizeof *b->group_touches);
    b->fetched.use.slots = calloc(MOST_LINES, sizeof *b->fetched.use.slots);
    b->fetched.use.orders = calloc(MOST_LINES, sizeof *b->fetched.use.orders);
    b->costing = calloc(3 * n_events, sizeof *b->costing);
    b->group_stretch = calloc(n_groups, sizeof *b->group_stretch);
    b->event_group = malloc(n_events * sizeof *b->event_group);
    b->event_place = calloc(n_events, sizeof *b->event_place);
    b->event_number = calloc(n_events, sizeof *b->event_number);
    memset(b->event_group, 0xFF, n_events * sizeof *b->event_group);
    for (uint32_t g = 0; g < b->n_groups; g++)
        for (uint32_t i = 0; i < b->groups[g].n; i++) {
            b->event_group[b->group_events[b->groups[g].first + i]] = (uint16_t)g;
            b->event_place[b->group_events[b->groups[g].first + i]] = (uint16_t)i;
        }
    for (uint32_t i = 0, n = 0; i < b->n_events; i++)
        if (b->event_group[i] != NO_GROUP) b->event_number[i] = (uint16_t)n++;
    b->changes.paid = calloc(n_events, sizeof *b->changes.paid);
    order_accesses(b);
    for (uint32_t i = 0; i < b->n_events; i++)
        if (b->events[i].kind == EVENT_FETCH) b->n_fetches++;
    if (b->n_events && b->events[b->n_events - 1].kind == EVENT_BRANCH) b->branch = &b->events[b->n_events - 1];
    for (uint32_t i = 0; i < b->n_hooked; i++)
        if (b->hooked[i].kind == HOOK_GUARDED) b->watches_guards = 1;
        else if (b->hooked[i].kind != HOOK_OBSERVED) {
            b->hooks_data = 1;
            b->hooks_addresses |= b->hooked[i].kind == HOOK_ADDRESS || b->hooked[i].kind == HOOK_ELEMENT;
        }
    b->is_plain = !b->n_data;
    b->counts_alone = !b->n_fetches && !b->n_data && !b->branch;
    return b;
}

static void free_touches(TouchList *s) {
    if (s) free(s->of_event);
    free(s);
}

static void block_free(Block *b) {
    for (uint32_t g = 0; g < b->n_groups; g++)
        for (uint32_t at = 0; at < LONGEST_LINE; at++) free_touches(b->group_touches[g].lists[at]);
    free(b->load_issue); free(b->code); free(b->events); free(b->groups); free(b->group_events); free(b->hooked); free(b->program);
    free(b->event_region); free(b->event_order);
    free(b->data_address); free(b->data_valid); free(b->group_touches);
    free(b->fetched.use.slots); free(b->fetched.use.orders); free(b->costing);
    free(b->group_home); free(b->group_stretch); free(b->event_group);
    free(b->event_place); free(b->event_number); free(b->changes.paid);
    free(b);
}

#endif
