/* A cache: which lines it holds, and which one gives way. Twin: cache.py. */
#ifndef BOARDLESS_CACHE_H
#define BOARDLESS_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT UINT32_MAX
#define FOUND_LINES 128

typedef struct LateUse {   /* a run of code that hit in all its lines: they are marked before the next victim is looked for */
    struct LateUse *next;
    uint64_t tick;         /* of the first access when it was run last */
    uint32_t n, is_late;
    uint32_t *slots;
    uint16_t *orders;      /* of the last access to each line */
} LateUse;

typedef struct {           /* set-associative, least recently used goes */
    uint32_t enabled, sets, ways, line_shift;
    uint32_t *tags;        /* line number + 1, 0 empty */
    uint64_t *used;        /* 0 where its tag is */
    uint8_t *dirty;        /* written, not yet in the memory behind */
    uint64_t tick, hits, misses;
    uint32_t number, pad;
    uint32_t found[FOUND_LINES]; /* where lines were seen last: a short cut, never a result */
    uint64_t changes;      /* of the lines it holds: what was found present stays so until the next */
    uint64_t *all_misses;  /* of all caches of the memory system */
    LateUse *late;         /* whose lines are not marked yet */
    uint32_t missed, victim; /* a line that is about to be missed, + 1, and which gives way: a short cut */
} Cache;

/* Mark the lines of whatever ran late. */
static void cache_settle(Cache *c) {
    for (LateUse *u = c->late; u; u = u->next) {
        for (uint32_t i = 0; i < u->n; i++) {
            uint64_t tick = u->tick + u->orders[i];
            if (c->used[u->slots[i]] < tick) c->used[u->slots[i]] = tick;
        }
        u->is_late = 0;
    }
    c->late = NULL;
}

static inline void cache_use_late(Cache *c, LateUse *u) {
    u->tick = c->tick + 1;
    if (u->is_late) return;
    u->is_late = 1;
    u->next = c->late;
    c->late = u;
}

static void cache_free(Cache *c) {
    free(c->tags);
    free(c->used);
    free(c->dirty);
}

static void cache_invalidate(Cache *c) {
    size_t n = (size_t)c->sets * c->ways;
    if (!c->tags) return;
    cache_settle(c);
    c->changes++;
    memset(c->tags, 0, n * sizeof *c->tags);
    memset(c->used, 0, n * sizeof *c->used);
    memset(c->dirty, 0, n);
}

static void cache_shape(Cache *c, uint32_t enabled, uint32_t sets, uint32_t ways, uint32_t line_shift) {
    if (c->sets != sets || c->ways != ways || c->line_shift != line_shift || !c->tags) {
        cache_settle(c);
        cache_free(c);
        c->dirty = calloc((size_t)sets * ways, 1);
        c->tags = calloc((size_t)sets * ways, sizeof *c->tags);
        c->used = calloc((size_t)sets * ways, sizeof *c->used);
        c->sets = sets;
        c->ways = ways;
        c->line_shift = line_shift;
        c->changes++;
        memset(c->found, 0, sizeof c->found);
    }
    c->enabled = enabled;
}

/* The slot that holds a line, or ABSENT. */
static uint32_t cache_find(Cache *c, uint32_t line) {
    uint32_t *found = &c->found[line % FOUND_LINES];
    if (c->tags[*found] == line + 1) return *found;
    uint32_t first = (line & (c->sets - 1)) * c->ways, slot = ABSENT;
    for (uint32_t w = 0; w < c->ways; w++) slot = c->tags[first + w] == line + 1 ? first + w : slot; /* never a jump */
    if (slot != ABSENT) *found = slot;
    return slot;
}

static void cache_use(Cache *c, uint32_t slot) {
    c->used[slot] = ++c->tick;
    c->hits++;
}

/* Among the slots for a line: the first empty one, else the least recently used. */
static inline uint32_t cache_oldest(const Cache *c, uint32_t line) {
    uint32_t first = (line & (c->sets - 1)) * c->ways, victim = first;
    uint64_t oldest = c->used[first];
    for (uint32_t slot = first + 1; slot < first + c->ways; slot++) {
        uint64_t used = c->used[slot];
        victim = used < oldest ? slot : victim;
        oldest = used < oldest ? used : oldest;
    }
    return victim;
}

static uint32_t cache_victim(Cache *c, uint32_t line) {
    if (c->missed == line + 1) {
        c->missed = 0;
        return c->victim;
    }
    if (c->late) cache_settle(c);
    return cache_oldest(c, line);
}

static void cache_install(Cache *c, uint32_t line, uint32_t slot) {
    c->misses++;
    ++*c->all_misses;
    c->changes++;
    c->tags[slot] = line + 1;
    c->found[line % FOUND_LINES] = slot;
    c->used[slot] = ++c->tick;
}

#endif
