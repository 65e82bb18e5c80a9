/* The blocks that the hook has met and the paths through them, with their counts. Twin: tables.py. */
#ifndef BOARDLESS_TABLES_H
#define BOARDLESS_TABLES_H

#include <stdlib.h>
#include <string.h>

#include "../hook.h"
#include "block.h"

#define FIRST_HASH_SIZE (1u << 12)

#define CHUNK_WORDS (1u << 14)
#define MEETINGS 4u        /* ways in which a path's groups lie that are remembered */
#define STRIDE 64u         /* counters that are compared at once: most have not moved */

typedef struct { uint64_t *words, *marked; uint32_t used; } Chunk; /* marked: what they were at the mark */

typedef struct {           /* counters that stay where they are, as close together as they can */
    Chunk *chunks;
    uint32_t n, cap;
} Counters;

typedef struct { uint64_t *words; size_t n, cap; } Words; /* pairs: a counter's number, what it has added */

typedef struct Edge { uint64_t stall; uint32_t cycles, next_state, valid, pad; } Edge;

typedef struct {           /* how a path was left last: the block that came, and the edge that leads there */
    uint32_t address, size_bytes; /* of the block that came */
    struct Block *next;    /* NULL: not known */
    struct Path *path;     /* that it is entered in; NULL: only its conditional instructions will tell */
    uint64_t passes, stall; /* not yet added to the edge's */
    uint32_t cycles, next_state, edge, pad; /* the edge's */
} Step;

typedef struct {           /* banks.h: what pairs of loads met where the groups' bases lay as `bases` says */
    uint32_t bases, stall;
    uint64_t times;        /* not yet added to the events' sums */
} Meetings;

typedef struct Path {
    uint32_t state, block, fall_through, n_pairs;
    uint16_t *issue;       /* per event, cycles from the block's start */
    LoadPair *pairs;
    Step steps[2];         /* by falling through, by going elsewhere: a short cut; NULL where something was skipped */
    uint64_t *counts;      /* of each edge */
    Meetings *meetings;    /* NULL without pairs */
    uint32_t skipped;
    Edge edges[EDGES];
} Path;

typedef struct {
    Block **blocks;
    Path **paths;
    uint32_t n_blocks, cap_blocks, n_paths, cap_paths;
    int32_t *block_hash, *path_hash; /* numbers, -1: none */
    uint32_t block_hash_size, path_hash_size;
    Counters of_paths, of_events; /* in the order of paths and of blocks */
    Words passed[2];       /* of both, what they have added since the mark */
} Tables;

static uint64_t *take_counters(Counters *c, uint32_t n) {
    if (!c->n || c->chunks[c->n - 1].used + n > CHUNK_WORDS) {
        if (c->n == c->cap) c->chunks = realloc(c->chunks, (c->cap = c->cap ? c->cap * 2 : 8) * sizeof *c->chunks);
        c->chunks[c->n++] = (Chunk){calloc(CHUNK_WORDS, sizeof(uint64_t)), calloc(CHUNK_WORDS, sizeof(uint64_t)), 0};
    }
    Chunk *last = &c->chunks[c->n - 1];
    last->used += n;
    return last->words + last->used - n;
}

static void free_counters(Counters *c) {
    for (uint32_t i = 0; i < c->n; i++) { free(c->chunks[i].words); free(c->chunks[i].marked); }
    free(c->chunks);
}

static uint32_t hash2(uint32_t a, uint32_t b) {
    uint64_t h = ((uint64_t)a * 0x9E3779B97F4A7C15ull) ^ ((uint64_t)b * 0xC2B2AE3D27D4EB4Full);
    return (uint32_t)(h >> 29);
}

static void make_hash(int32_t **hash, uint32_t *size, uint32_t entries) {
    *size = entries;
    *hash = realloc(*hash, entries * sizeof **hash);
    memset(*hash, 0xFF, entries * sizeof **hash);
}

static void tables_init(Tables *t) {
    make_hash(&t->block_hash, &t->block_hash_size, FIRST_HASH_SIZE);
    make_hash(&t->path_hash, &t->path_hash_size, FIRST_HASH_SIZE);
}

static void tables_free(Tables *t) {
    for (uint32_t i = 0; i < t->n_blocks; i++) block_free(t->blocks[i]);
    for (uint32_t i = 0; i < t->n_paths; i++) { free(t->paths[i]->issue); free(t->paths[i]->pairs); free(t->paths[i]->meetings); free(t->paths[i]); }
    free_counters(&t->of_paths);
    free_counters(&t->of_events);
    free(t->passed[0].words); free(t->passed[1].words);
    free(t->blocks); free(t->paths); free(t->block_hash); free(t->path_hash);
}

static Block *find_block(const Tables *t, uint32_t address, uint32_t size_bytes) {
    uint32_t mask = t->block_hash_size - 1;
    for (uint32_t h = hash2(address, size_bytes) & mask;; h = (h + 1) & mask) {
        int32_t i = t->block_hash[h];
        if (i < 0) return NULL;
        Block *b = t->blocks[i];
        if (b->address == address && b->size_bytes == size_bytes) return b;
    }
}

/* Says whether the block took the place of an earlier one: its code was replaced. */
static int put_block(Tables *t, uint32_t index) {
    Block *b = t->blocks[index];
    uint32_t mask = t->block_hash_size - 1, h = hash2(b->address, b->size_bytes) & mask;
    while (t->block_hash[h] >= 0) {
        Block *o = t->blocks[t->block_hash[h]];
        if (o->address == b->address && o->size_bytes == b->size_bytes) break;
        h = (h + 1) & mask;
    }
    int replaces = t->block_hash[h] >= 0;
    t->block_hash[h] = (int32_t)index;
    return replaces;
}

/* Whether two loads meet the same bank; `bases`: of each group, bit 2 of its base, and whether it is a word's. */
static int meets(const LoadPair *pair, uint32_t bases) {
    uint32_t older = bases >> 2 * pair->older, younger = bases >> 2 * pair->younger;
    return older & younger & 2 && ((older ^ younger) & 1) == pair->offsets_differ;
}

/* Add what pairs of loads met to the events' sums. */
static void add_meetings(Block *b, const Path *p, Meetings *m) {
    for (uint32_t i = 0; m->times && i < p->n_pairs; i++) {
        if (!meets(&p->pairs[i], m->bases)) continue;
        b->event_stall[p->pairs[i].event] += m->times;
        b->event_bus[p->pairs[i].event] += m->times;
    }
    m->times = 0;
}

/* Add what passed by the short cuts to the edges' counts. */
static void settle_path(Path *p) {
    for (Step *s = p->steps; s < p->steps + 2; s++) {
        p->counts[s->edge] += s->passes;
        p->edges[s->edge].stall += s->stall;
        s->passes = s->stall = 0;
    }
}

static void settle_paths(Tables *t) {
    for (uint32_t i = 0; i < t->n_paths; i++) settle_path(t->paths[i]);
}

static void forget_steps(Path *p) {
    settle_path(p);
    memset(p->steps, 0, sizeof p->steps);
}

static uint32_t add_block(Tables *t, const BlockPlan *plan, uint8_t *host, const uint8_t *code) {
    Block *b = block_new(t->n_blocks, plan, host, code, take_counters(&t->of_events, EVENT_COUNTERS * plan->n_events));
    if (t->n_blocks == t->cap_blocks) {
        t->cap_blocks = t->cap_blocks ? t->cap_blocks * 2 : 1024;
        t->blocks = realloc(t->blocks, t->cap_blocks * sizeof *t->blocks);
    }
    t->blocks[t->n_blocks++] = b;
    if (t->n_blocks * 2 > t->block_hash_size) {
        make_hash(&t->block_hash, &t->block_hash_size, t->block_hash_size * 2);
        for (uint32_t i = 0; i + 1 < t->n_blocks; i++) put_block(t, i);
    }
    if (put_block(t, b->index)) /* no short cut may lead to the old one */
        for (uint32_t i = 0; i < t->n_paths; i++) forget_steps(t->paths[i]);
    return b->index;
}

static void drop_block(Tables *t, uint32_t number) {
    Block *b = t->blocks[number];
    b->dropped = 1;
    if (!b->host) b->host = (uint8_t *)b; /* so that the entry looks at it; its bytes are not read */
}

static int32_t find_path(const Tables *t, uint32_t state, uint32_t block, uint32_t skipped) {
    uint32_t mask = t->path_hash_size - 1;
    for (uint32_t h = hash2(state ^ (skipped << 16), block) & mask;; h = (h + 1) & mask) {
        int32_t i = t->path_hash[h];
        if (i < 0) return -1;
        Path *p = t->paths[i];
        if (p->state == state && p->block == block && p->skipped == skipped) return i;
    }
}

static void put_path(Tables *t, uint32_t index) {
    Path *p = t->paths[index];
    uint32_t mask = t->path_hash_size - 1, h = hash2(p->state ^ (p->skipped << 16), p->block) & mask;
    while (t->path_hash[h] >= 0) h = (h + 1) & mask;
    t->path_hash[h] = (int32_t)index;
}

static uint32_t add_path(Tables *t, uint32_t state, uint32_t block, uint32_t skipped, const uint16_t *issue,
                         uint32_t n_pairs, const LoadPair *pairs) {
    Path *p = new_lines(sizeof *p);
    p->state = state;
    p->block = block;
    p->fall_through = t->blocks[block]->fall_through;
    p->skipped = skipped;
    p->issue = copy_of(issue, t->blocks[block]->n_events * sizeof *issue);
    p->n_pairs = n_pairs;
    p->pairs = copy_of(pairs, n_pairs * sizeof *pairs);
    if (n_pairs) p->meetings = calloc(MEETINGS, sizeof *p->meetings);
    p->counts = take_counters(&t->of_paths, EDGES);
    if (t->n_paths == t->cap_paths) {
        t->cap_paths = t->cap_paths ? t->cap_paths * 2 : 1024;
        t->paths = realloc(t->paths, t->cap_paths * sizeof *t->paths);
    }
    t->paths[t->n_paths++] = p;
    if (t->n_paths * 2 > t->path_hash_size) {
        make_hash(&t->path_hash, &t->path_hash_size, t->path_hash_size * 2);
        for (uint32_t i = 0; i + 1 < t->n_paths; i++) put_path(t, i);
    }
    put_path(t, t->n_paths - 1);
    return t->n_paths - 1;
}

static void set_edge(Tables *t, uint32_t path, uint32_t edge, uint32_t cycles, uint32_t next_state) {
    Edge *chosen = &t->paths[path]->edges[edge];
    forget_steps(t->paths[path]);
    chosen->cycles = cycles;
    chosen->next_state = next_state;
    chosen->valid = 1;
}

static void path_counts(const Tables *t, uint32_t path, uint32_t *key, uint64_t *counts, uint64_t *stalls) {
    Path *p = t->paths[path];
    settle_path(p);
    key[0] = p->state;
    key[1] = p->block;
    key[2] = p->skipped;
    for (int k = 0; k < EDGES; k++) { counts[k] = p->counts[k]; stalls[k] = p->edges[k].stall; }
}

static void copy_counters(const Counters *c, uint64_t *to) {
    for (uint32_t i = 0; i < c->n; to += c->chunks[i++].used)
        memcpy(to, c->chunks[i].words, c->chunks[i].used * sizeof *to);
}

/* What was counted by the way comes where it belongs. */
static void settle(Tables *t) {
    for (uint32_t i = 0; i < t->n_paths; i++)
        for (uint32_t k = 0; t->paths[i]->n_pairs && k < MEETINGS; k++)
            add_meetings(t->blocks[t->paths[i]->block], t->paths[i], &t->paths[i]->meetings[k]);
    settle_paths(t);
    for (uint32_t i = 0; i < t->n_blocks; i++) add_changes(t->blocks[i]);
}

/* Every count, in the order of paths and of blocks. */
static void counters(Tables *t, uint64_t *edges, uint64_t *events) {
    settle(t);
    copy_counters(&t->of_paths, edges);
    copy_counters(&t->of_events, events);
}

static void mark_counters(Counters *c) {
    for (uint32_t i = 0; i < c->n; i++)
        memcpy(c->chunks[i].marked, c->chunks[i].words, c->chunks[i].used * sizeof(uint64_t));
}

static void mark(Tables *t) {
    settle(t);
    mark_counters(&t->of_paths);
    mark_counters(&t->of_events);
}

static void add_passed(Words *passed, uint64_t number, uint64_t added) {
    if (passed->n == passed->cap) passed->words = realloc(passed->words, (passed->cap = 2 * passed->cap + 64) * sizeof added);
    passed->words[passed->n++] = number;
    passed->words[passed->n++] = added;
}

static void passed_since_mark(const Counters *c, Words *passed) {
    passed->n = 0;
    for (uint64_t i = 0, first = 0; i < c->n; first += c->chunks[i++].used)
        for (uint32_t at = 0, n; at < c->chunks[i].used; at += n) {
            const uint64_t *words = c->chunks[i].words + at, *marked = c->chunks[i].marked + at;
            n = c->chunks[i].used - at < STRIDE ? c->chunks[i].used - at : STRIDE;
            if (memcmp(words, marked, n * sizeof *words))
                for (uint32_t k = 0; k < n; k++)
                    if (words[k] != marked[k]) add_passed(passed, first + at + k, words[k] - marked[k]);
        }
}

/* What the counters have added since the mark: those that moved. */
static void since_mark(Tables *t) {
    settle(t);
    passed_since_mark(&t->of_paths, &t->passed[0]);
    passed_since_mark(&t->of_events, &t->passed[1]);
}

#endif
