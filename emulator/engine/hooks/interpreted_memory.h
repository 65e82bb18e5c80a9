/* Loads and stores of the interpreter: a memory's bytes themselves, or through Unicorn to a device.
 *
 * A store to code has Unicorn throw away what it has translated of it. What refuses an access leaves a fault behind, and nothing is changed.
 */
#ifndef BOARDLESS_ACCESS_H
#define BOARDLESS_ACCESS_H

#include "../data_rights.h"
#include "exceptions.h"
#include "../vector/elements.h"

#define LONGEST_ACCESS 64u

typedef int (*memory_fn)(void *uc, uint64_t address, void *bytes, uint64_t size_bytes);
typedef int (*control_fn)(void *uc, uint32_t control, ...);
typedef int (*refuses_fn)(uint32_t address, uint32_t size_bytes, uint32_t is_store);

typedef struct {           /* the core as the interpreter works on it */
    Machine machine;       /* the first: what operations see */
    void *uc;
    const HostMemory *memories, *last_read, *last_written;
    uint32_t n_memories;
    memory_fn read, write; /* Unicorn's */
    const DataRights *rights;
    refuses_fn refuses;    /* asked for its words when an MPU does */
    control_fn control;    /* Unicorn's, and what makes it drop what it has translated of a stretch */
    uint32_t forget;
    uint8_t *code_pages;   /* a bit for each KiB of which a block was met */
    uint32_t flags;        /* N, Z, C and V */
    uint32_t sticky, cleared; /* APSR.Q is to be set; Q and GE were cleared before */
    uint32_t next;         /* where a branch goes */
} Interpreter;

enum { GOES_ON, BRANCHES, FAULTS };

static int fault(Interpreter *i, uint32_t kind, uint32_t address) {
    i->machine.state->fault = kind;
    i->machine.state->fault_address = address;
    return FAULTS;
}

/* The memory there, if the access is allowed, or NULL; `last`: the one before. */
static inline const HostMemory *free_memory(const Interpreter *i, const HostMemory **last, uint32_t address, uint32_t size_bytes, uint32_t right) {
    if (i->rights->n && !may_access(i->rights, address, size_bytes, right)) return NULL;
    if (!*last || !within_memory(*last, address, size_bytes)) *last = memory_of(i->memories, i->n_memories, address, size_bytes);
    return *last;
}

/* The bytes there; NULL: load_slowly and store_slowly. */
static inline uint8_t *readable(Interpreter *i, uint32_t address, uint32_t size_bytes) {
    const HostMemory *m = free_memory(i, &i->last_read, address, size_bytes, DATA_READ);
    return m ? m->host + (address - m->base) : NULL;
}

static inline uint8_t *writable(Interpreter *i, uint32_t address, uint32_t size_bytes) {
    const HostMemory *m = free_memory(i, &i->last_written, address, size_bytes, DATA_WRITE);
    return m && m->is_ram == IS_RAM ? m->host + (address - m->base) : NULL;
}

#define PAGE_SHIFT 10

static inline int has_code(const Interpreter *i, uint32_t address, uint32_t size_bytes) {
    uint32_t first = address >> PAGE_SHIFT, last = (address + size_bytes - 1) >> PAGE_SHIFT;
    return i->code_pages[first / 8] >> first % 8 & 1 || i->code_pages[last / 8] >> last % 8 & 1;
}

static void note_code(Interpreter *i, uint32_t address, uint32_t size_bytes) {
    for (uint32_t page = address >> PAGE_SHIFT; page <= (address + size_bytes - 1) >> PAGE_SHIFT; page++)
        i->code_pages[page / 8] |= (uint8_t)(1u << page % 8);
}

static int is_refused(Interpreter *i, uint32_t address, uint32_t size_bytes, uint32_t right) {
    return i->rights->n && !may_access(i->rights, address, size_bytes, right) && i->refuses(address, size_bytes, right == DATA_WRITE);
}

static __attribute__((noinline)) int load_slowly(Interpreter *i, uint32_t address, void *to, uint32_t size_bytes) {
    if (is_refused(i, address, size_bytes, DATA_READ)) return fault(i, FAULT_PROTECTED, address);
    const HostMemory *m = memory_of(i->memories, i->n_memories, address, size_bytes);
    if (m) { memcpy(to, m->host + (address - m->base), size_bytes); return GOES_ON; }
    return i->read(i->uc, address, to, size_bytes) ? fault(i, FAULT_DATA, address) : GOES_ON;
}

static __attribute__((noinline)) int store_slowly(Interpreter *i, uint32_t address, const void *from, uint32_t size_bytes) {
    if (is_refused(i, address, size_bytes, DATA_WRITE)) return fault(i, FAULT_PROTECTED, address);
    const HostMemory *m = memory_of(i->memories, i->n_memories, address, size_bytes);
    if (m && !m->is_ram) return fault(i, FAULT_DATA, address);
    if (m) {
        memcpy(m->host + (address - m->base), from, size_bytes);
        if (m->is_ram & HAS_CODE && has_code(i, address, size_bytes))
            i->control(i->uc, i->forget, (uint64_t)address, (uint64_t)address + size_bytes);
        return GOES_ON;
    }
    uint8_t bytes[LONGEST_ACCESS];
    memcpy(bytes, from, size_bytes);
    return i->write(i->uc, address, bytes, size_bytes) ? fault(i, FAULT_DATA, address) : GOES_ON;
}

static inline int load(Interpreter *i, uint32_t address, void *to, uint32_t size_bytes) {
    const uint8_t *from = readable(i, address, size_bytes);
    if (!from) return load_slowly(i, address, to, size_bytes);
    memcpy(to, from, size_bytes);
    return GOES_ON;
}

static inline int store(Interpreter *i, uint32_t address, const void *from, uint32_t size_bytes) {
    uint8_t *to = writable(i, address, size_bytes);
    if (!to) return store_slowly(i, address, from, size_bytes);
    memcpy(to, from, size_bytes);
    return GOES_ON;
}

static inline int is_misaligned(Interpreter *i, uint32_t address, uint32_t size_bytes) {
    return address & (size_bytes - 1) ? fault(i, FAULT_UNALIGNED, address) : 0;
}

/* ---- vectors; `extra` of an operation is log2 of a datum's bytes ---- */

/* One element of `size` to or from memory of another width. */
static inline int move_element(Interpreter *i, const Operation *o, uint8_t *q, uint32_t at, uint32_t address) {
    uint32_t memory_bytes = 1u << o->extra;
    if (o->flags & F_STORE) return store(i, address, q + (at << o->size), memory_bytes);
    uint8_t bytes[VECTOR_BYTES] = {0};
    if (load(i, address, bytes, memory_bytes)) return FAULTS;
    put_lane(q, o->size, at, lane(bytes, o->extra, o->flags & F_UNSIGNED, 0));
    return GOES_ON;
}

/* Every active element goes where `addresses` says. Loads leave zeroes in the others. */
static int move_elements(Interpreter *i, const Operation *o, uint32_t mask, const uint32_t *addresses) {
    uint8_t *q = vector_at(&i->machine, o->d), r[VECTOR_BYTES] = {0};
    int stores = o->flags & F_STORE;
    for (uint32_t at = 0; at < lanes_of(o->size); at++) {
        if (!(mask >> (at << o->size) & 1)) continue;
        if (is_misaligned(i, addresses[at], 1u << o->extra)) return FAULTS;
        if (move_element(i, o, stores ? q : r, at, addresses[at])) return FAULTS;
    }
    if (!stores) memcpy(q, r, VECTOR_BYTES);
    return GOES_ON;
}

/* Whether each element of `mask` is active as a whole, or not at all. */
static inline int is_whole_elements(uint32_t mask, uint32_t size) {
    if (mask == WHOLE || !size) return 1;
    uint32_t first = size == 1 ? mask & 0x5555 : mask & 0x1111;
    return mask == (size == 1 ? first * 3 : first * 15);
}

/* Elements one after another from or to memory of their own or a smaller width: `host` has them all. */
#define EACH(type, wide, count) \
    for (uint32_t at = 0; at < (count); at++) { \
        type narrow; \
        memcpy(&narrow, from + at * sizeof narrow, sizeof narrow); \
        wide whole = (wide)narrow; \
        memcpy(to + at * sizeof whole, &whole, sizeof whole); \
    } \
    return

static inline void widen_from(uint8_t *to, const uint8_t *from, const Operation *o) {
    int is_unsigned = (o->flags & F_UNSIGNED) != 0;
    switch (o->size << 2 | o->extra << 1 | (uint32_t)is_unsigned) {
    case 1 << 2 | 0: EACH(int8_t, int16_t, 8);
    case 1 << 2 | 1: EACH(uint8_t, uint16_t, 8);
    case 2 << 2 | 0: EACH(int8_t, int32_t, 4);
    case 2 << 2 | 1: EACH(uint8_t, uint32_t, 4);
    case 2 << 2 | 2: EACH(int16_t, int32_t, 4);
    case 2 << 2 | 3: EACH(uint16_t, uint32_t, 4);
    default: memcpy(to, from, VECTOR_BYTES);
    }
}
#undef EACH

/* Inactive elements are loaded as 0. */
static inline void load_elements(uint8_t *q, const uint8_t *host, const Operation *o, uint32_t mask) {
    uint8_t all[VECTOR_BYTES], none[VECTOR_BYTES] = {0};
    if (mask == WHOLE) { widen_from(q, host, o); return; }
    widen_from(all, host, o);
    merge(none, all, mask);
    memcpy(q, none, VECTOR_BYTES);
}

static inline void store_elements(uint8_t *host, const uint8_t *q, const Operation *o, uint32_t mask) {
    if (o->size == o->extra) { merge(host, q, mask); return; }
    for (uint32_t at = 0; at < lanes_of(o->size); at++)
        if (mask >> (at << o->size) & 1) memcpy(host + (at << o->extra), q + (at << o->size), 1u << o->extra);
}

/* VLDRB, VSTRH ...: elements one after another. */
static int contiguous(Interpreter *i, const Operation *o, uint32_t mask) {
    uint32_t *base = &i->machine.r[o->n], moved = *base + o->immediate, address = o->flags & F_BEFORE ? moved : *base;
    uint8_t *q = vector_at(&i->machine, o->d), *host;
    uint32_t addresses[MOST_LANES];
    if (is_misaligned(i, address, 1u << o->extra)) return FAULTS;
    uint32_t size_bytes = lanes_of(o->size) << o->extra;
    if (!is_whole_elements(mask, o->size)) host = NULL; /* an element of which a part is active: by its first byte */
    else host = o->flags & F_STORE ? writable(i, address, size_bytes) : readable(i, address, size_bytes);
    if (host && o->flags & F_STORE) store_elements(host, q, o, mask);
    else if (host) load_elements(q, host, o, mask);
    else {
        for (uint32_t at = 0; at < lanes_of(o->size); at++) addresses[at] = address + (at << o->extra);
        if (move_elements(i, o, mask, addresses)) return FAULTS;
    }
    if (o->flags & F_WRITES_BACK) *base = moved;
    return GOES_ON;
}

/* Doubles go by words, each with its own predicate. */
static int move_doubles(Interpreter *i, const Operation *o, uint32_t mask, const uint32_t *addresses) {
    Operation words = *o;
    uint32_t each[4];
    words.size = words.extra = 2;
    for (uint32_t at = 0; at < 4; at++) each[at] = addresses[at / 2] + (at & 1 ? 4 : 0);
    return move_elements(i, &words, mask, each);
}

/* A base and a vector of offsets. */
static int by_offsets(Interpreter *i, const Operation *o, uint32_t mask) {
    int64_t offsets[MOST_LANES];
    uint32_t addresses[MOST_LANES];
    read_lanes(vector_at(&i->machine, o->m), o->size, 1, offsets);
    for (uint32_t at = 0; at < lanes_of(o->size); at++)
        addresses[at] = i->machine.r[o->n] + ((uint32_t)offsets[at] << o->immediate);
    return o->size == 3 ? move_doubles(i, o, mask, addresses) : move_elements(i, o, mask, addresses);
}

/* A vector of addresses and an offset. */
static int by_addresses(Interpreter *i, const Operation *o, uint32_t mask) {
    int64_t from[MOST_LANES];
    uint32_t addresses[MOST_LANES];
    uint8_t *q = vector_at(&i->machine, o->m);
    read_lanes(q, o->size, 1, from);
    for (uint32_t at = 0; at < lanes_of(o->size); at++) addresses[at] = (uint32_t)from[at] + o->immediate;
    if (o->size == 3 ? move_doubles(i, o, mask, addresses) : move_elements(i, o, mask, addresses)) return FAULTS;
    for (uint32_t at = 0; o->flags & F_WRITES_BACK && at < lanes_of(o->size); at++)
        put_lane(q, 2, at << (o->size - 2), addresses[at]);
    return GOES_ON;
}

/* Which words of a block of structures an instruction accesses; extra: the pattern, a: how many vectors. */
static const uint8_t *interleaved_words(const Operation *o) {
    static const uint8_t WORDS4[4][4] = {{0, 1, 10, 11}, {2, 3, 12, 13}, {4, 5, 14, 15}, {6, 7, 8, 9}};
    static const uint8_t WORDS2[2][4] = {{0, 1, 6, 7}, {2, 3, 4, 5}};
    return o->a == 4 ? WORDS4[o->extra] : WORDS2[o->extra];
}

/* VLD2, VLD4, VST2, VST4: four words of a block of structures. */
static int interleaved(Interpreter *i, const Operation *o) {
    const uint8_t *words = interleaved_words(o);
    uint32_t base = i->machine.r[o->n], per_word = 4u >> o->size;
    if (is_misaligned(i, base, 4)) return FAULTS;
    for (uint32_t beat = 0; beat < 4; beat++) {
        uint8_t word[4];
        uint32_t first = words[beat] * per_word, address = base + 4u * words[beat]; /* of the structures' elements */
        if (!(o->flags & F_STORE) && load(i, address, word, 4)) return FAULTS;
        for (uint32_t e = 0; e < per_word; e++) {
            uint32_t n = first + e;
            uint8_t *at = vector_at(&i->machine, o->d + n % o->a) + (n / o->a << o->size);
            if (o->flags & F_STORE) memcpy(word + (e << o->size), at, 1u << o->size);
            else memcpy(at, word + (e << o->size), 1u << o->size);
        }
        if (o->flags & F_STORE && store(i, address, word, 4)) return FAULTS;
    }
    if (o->flags & F_WRITES_BACK) i->machine.r[o->n] = base + 16u * o->a;
    return GOES_ON;
}

/* Where the data of a gather, a scatter or an interleaving access lie, doubles by words. Says which are accessed. */
static uint32_t find_elements(const Interpreter *i, const Operation *o, uint32_t mask, uint32_t *addresses) {
    uint32_t active = 0, doubles = o->size == 3, size = doubles ? 2 : o->size;
    int64_t from[MOST_LANES];
    if (o->operation == DO_INTERLEAVED) {
        for (uint32_t at = 0; at < 4; at++) addresses[at] = i->machine.r[o->n] + 4u * interleaved_words(o)[at];
        return 15;
    }
    read_lanes(vector_at(&i->machine, o->m), o->size, 1, from);
    for (uint32_t at = 0; at < lanes_of(size); at++) {
        uint32_t own = (uint32_t)from[doubles ? at / 2 : at];
        addresses[at] = o->operation == DO_OFFSETS ? i->machine.r[o->n] + (own << o->immediate) : own + o->immediate;
        if (doubles && at & 1) addresses[at] += 4;
        active |= (mask >> (at << size) & 1) << at;
    }
    return active;
}

#endif
