/* Follows a block's instructions over a graph. Twin: symbolic.py, line by line. */
#ifndef BOARDLESS_SYMBOLIC_H
#define BOARDLESS_SYMBOLIC_H

#include <stdint.h>
#include <string.h>

#include "../thumb/line.h"
#include "graph.h"

#define FOLLOWED_REGISTERS 15
#define MAX_FORWARDS 8
#define MOST_STORE_BYTES 255
#define NOTHING (-1)

typedef struct { uint32_t address, size_bytes; int32_t value; } KeptStore; /* value: a node, or NOTHING */

typedef struct {
    Graph graph;
    uint32_t values[FOLLOWED_REGISTERS];
    KeptStore stores[MOST_INSTRUCTIONS];
    uint32_t n_stores, forgets_stores; /* a store went to an unknown place */
} Symbols;

typedef struct { int32_t register_number; int32_t value; } Result; /* NOTHING: not followed */

#define NOT_FOLLOWED ((Result){NOTHING, NOTHING})

static inline void symbols_begin(Symbols *s) {
    graph_clear(&s->graph);
    for (uint32_t n = 0; n < FOLLOWED_REGISTERS; n++) s->values[n] = graph_put(&s->graph, OP_REGISTER, 0, 0, n);
    s->n_stores = s->forgets_stores = 0;
}

static inline uint32_t symbols_get(Symbols *s, uint32_t n, uint32_t address) {
    return n == 15 ? graph_constant(&s->graph, address + 4) : s->values[n];
}

static inline uint32_t symbols_address(Symbols *s, const Decoded *i, uint32_t address) {
    Graph *g = &s->graph;
    uint32_t base = i->base == 15 ? graph_constant(g, (address + 4) & ~3u) : s->values[i->base];
    if (i->flags & HAS_INDEX) {
        uint32_t index = graph_shift_left(g, s->values[i->index], i->shift);
        base = graph_add(g, base, index);
    }
    return graph_plus(g, base, (uint32_t)i->offset);
}

/* ---- memory ---- */

static inline int32_t symbols_load(Symbols *s, uint32_t address, uint32_t size_bytes, uint32_t is_signed) {
    Graph *g = &s->graph;
    if (s->forgets_stores || size_bytes > 4) return NOTHING;
    uint32_t value = graph_put(g, OP_LOAD, address, 0, size_bytes | is_signed << 8), forwards = 0;
    Split own = graph_split(g, address);
    for (uint32_t n = 0; n < s->n_stores; n++) {
        const KeptStore *store = &s->stores[n];
        Split split = graph_split(g, store->address);
        if (split.root == own.root) {
            uint32_t delta = split.constant - own.constant;
            if (size_bytes <= delta && delta <= (1ull << 32) - store->size_bytes) continue;
        }
        if (++forwards > MAX_FORWARDS) return NOTHING;
        int is_exact = store->value != NOTHING && store->size_bytes == 4 && size_bytes == 4;
        uint64_t kept = is_exact ? (uint64_t)store->value + 1 : 0;
        uint32_t distance = graph_sub(g, store->address, address);
        value = graph_put(g, OP_FORWARD, value, distance, size_bytes | store->size_bytes << 8 | kept << 16);
    }
    return (int32_t)value;
}

static inline void symbols_load_registers(Symbols *s, const Decoded *i, uint32_t address, int32_t *results) {
    uint32_t loaded[16], n = 0;
    if (i->flags & IS_LOAD_DOUBLE) {
        loaded[n++] = i->opcode >> 12 & 15;
        loaded[n++] = i->opcode >> 8 & 15;
    } else {
        for (uint32_t r = 0; r < FOLLOWED_REGISTERS; r++)
            if (i->load_writes >> r & 1) loaded[n++] = r;
    }
    for (uint32_t k = 0; k < n; k++) {
        uint32_t place = graph_plus(&s->graph, address, k * i->access_bytes);
        int32_t value = symbols_load(s, place, i->access_bytes, (i->flags & IS_SIGNED) != 0);
        if (loaded[k] < FOLLOWED_REGISTERS) results[loaded[k]] = value;
    }
}

static inline void symbols_follow_access(Symbols *s, const Decoded *i, uint32_t address, int32_t *results) {
    if (i->flags & WRITES_BACK)
        results[i->base] = (int32_t)graph_plus(&s->graph, s->values[i->base], (uint32_t)i->writeback);
    if (i->flags & (IS_LOAD | IS_LOAD_MULTIPLE | IS_LOAD_DOUBLE)) symbols_load_registers(s, i, address, results);
}

static inline void symbols_store(Symbols *s, const Decoded *i, uint32_t address) {
    if (s->forgets_stores) return;
    if (s->graph.opaque[address]) {
        s->forgets_stores = 1;
        return;
    }
    uint32_t op = i->opcode, bytes = (uint32_t)i->access_bytes * i->count;
    uint32_t stored = i->size_bytes == 4 ? op >> 12 & 15 : op >> 12 == 9 ? op >> 8 & 7 : op & 7;
    int32_t value = NOTHING;
    if (i->flags & IS_PLAIN_STORE && stored < FOLLOWED_REGISTERS && i->condition == UNCONDITIONAL &&
        i->store_reads == 1ull << stored && !s->graph.opaque[s->values[stored]])
        value = (int32_t)s->values[stored];
    s->stores[s->n_stores++] = (KeptStore){address, bytes < MOST_STORE_BYTES ? bytes : MOST_STORE_BYTES, value};
}

/* ---- 16-bit encodings ---- */

/* DecodeImmShift of the Arm ARM; RRX is a SYMBOL. */
static inline uint32_t symbols_shifted(Symbols *s, uint32_t value, uint32_t kind, uint32_t amount) {
    static const uint8_t SHIFTS[] = {OP_LSL_IMMEDIATE, OP_LSR_IMMEDIATE, OP_ASR_IMMEDIATE, OP_ROR_IMMEDIATE};
    Graph *g = &s->graph;
    if (kind == 0) return graph_shift_left(g, value, amount);
    if (kind == 3 && !amount) return graph_symbol(g);
    if (!amount) return kind == 1 ? graph_constant(g, 0) : graph_put(g, OP_ASR_IMMEDIATE, value, 0, 31);
    return graph_put(g, SHIFTS[kind], value, 0, amount);
}

static inline Result narrow_processing(Symbols *s, uint32_t code, uint32_t low, uint32_t middle) {
    static const uint8_t SIMPLE[16] = {OP_AND, OP_EOR, OP_LSL, OP_LSR, OP_ASR, 0, 0, 0,
                                       0,      0,      0,      0,      OP_ORR, OP_MUL, OP_BIC, 0};
    Graph *g = &s->graph;
    uint32_t a = s->values[low], b = s->values[middle], value;
    if (SIMPLE[code]) value = graph_put(g, SIMPLE[code], a, b, 0);
    else if (code == 9) value = graph_sub(g, graph_constant(g, 0), b);
    else if (code == 15) value = graph_put(g, OP_NOT, b, 0, 0);
    else return NOT_FOLLOWED;
    return (Result){(int32_t)low, (int32_t)value};
}

/* Additions of three registers or small constants, moves and additions of constants. */
static inline Result narrow_arithmetic(Symbols *s, uint32_t op) {
    Graph *g = &s->graph;
    uint32_t low = op & 7, middle = s->values[op >> 3 & 7], eighth = op >> 8 & 7, imm8 = op & 0xFF;
    if (op >> 11 == 3) {
        uint32_t amount = op >> 6 & 7, subtracts = op >> 9 & 1;
        if (op >> 10 & 1) return (Result){(int32_t)low, (int32_t)graph_plus(g, middle, subtracts ? 0u - amount : amount)};
        uint32_t other = s->values[amount];
        return (Result){(int32_t)low, (int32_t)(subtracts ? graph_sub(g, middle, other) : graph_add(g, middle, other))};
    }
    if (op >> 13 == 0) return (Result){(int32_t)low, (int32_t)symbols_shifted(s, middle, op >> 11 & 3, op >> 6 & 31)};
    if (op >> 11 == 4) return (Result){(int32_t)eighth, (int32_t)graph_constant(g, imm8)};
    if (op >> 12 == 3)
        return (Result){(int32_t)eighth, (int32_t)graph_plus(g, s->values[eighth], op >> 11 & 1 ? 0u - imm8 : imm8)};
    return NOT_FOLLOWED;
}

static inline Result narrow(Symbols *s, uint32_t op, uint32_t address) {
    Graph *g = &s->graph;
    uint32_t low = op & 7, high = (op >> 4 & 8) | low, imm8 = op & 0xFF;
    if (op >> 14 == 0) return narrow_arithmetic(s, op);
    if (op >> 10 == 0x10) return narrow_processing(s, op >> 6 & 15, low, op >> 3 & 7);
    if (op >> 8 == 0x46 && high != 15) return (Result){(int32_t)high, (int32_t)symbols_get(s, op >> 3 & 15, address)};
    if (op >> 8 == 0x44 && high != 15) {
        uint32_t other = symbols_get(s, op >> 3 & 15, address);
        return (Result){(int32_t)high, (int32_t)graph_add(g, s->values[high], other)};
    }
    if (op >> 11 == 0x14)
        return (Result){(int32_t)(op >> 8 & 7), (int32_t)graph_constant(g, ((address + 4) & ~3u) + imm8 * 4)};
    if (op >> 11 == 0x15) return (Result){(int32_t)(op >> 8 & 7), (int32_t)graph_plus(g, s->values[13], imm8 * 4)};
    if (op >> 8 == 0xB0) {
        uint32_t amount = (op & 0x7F) * 4;
        return (Result){13, (int32_t)graph_plus(g, s->values[13], op >> 7 & 1 ? 0u - amount : amount)};
    }
    if (op >> 8 == 0xB2) {
        uint32_t width = op >> 6 & 1 ? 8 : 16, kind = op >> 7 & 1 ? OP_UBFX : OP_SBFX;
        return (Result){(int32_t)low, (int32_t)graph_put(g, kind, s->values[op >> 3 & 7], 0, width << 8)};
    }
    return NOT_FOLLOWED;
}

/* ---- 32-bit encodings ---- */

/* ThumbExpandImm of the Arm ARM (A5.3.2). */
static inline uint32_t expand_immediate(uint32_t imm12) {
    uint32_t byte = imm12 & 0xFF, rotation = imm12 >> 7, value = 0x80 | (imm12 & 0x7F);
    if (imm12 >> 10) return value >> rotation | value << (32 - rotation);
    uint32_t ways[] = {byte, byte << 16 | byte, byte << 24 | byte << 8, byte * 0x01010101u};
    return ways[imm12 >> 8 & 3];
}

static inline Result plain_immediate(Symbols *s, uint32_t op, uint32_t address, uint32_t imm12) {
    Graph *g = &s->graph;
    uint32_t code = op >> 20 & 0x1F, n = op >> 16 & 15, value;
    int32_t d = op >> 8 & 15;
    if (code == 0 || code == 10) {
        uint32_t base = n == 15 ? graph_constant(g, (address + 4) & ~3u) : s->values[n];
        value = graph_plus(g, base, code ? 0u - imm12 : imm12);
    } else if (code == 4) {
        value = graph_constant(g, n << 12 | imm12);
    } else if (code == 12) {
        uint32_t top = graph_constant(g, (n << 12 | imm12) << 16);
        value = graph_put(g, OP_ORR, graph_put(g, OP_UBFX, s->values[d], 0, 16 << 8), top, 0);
    } else if ((code == 20 || code == 28) && n != 15) {
        uint32_t lsb = (op >> 12 & 7) << 2 | (op >> 6 & 3), width = (op & 31) + 1;
        value = graph_put(g, code == 20 ? OP_SBFX : OP_UBFX, s->values[n], 0, lsb | width << 8);
    } else {
        return NOT_FOLLOWED;
    }
    return (Result){d, (int32_t)value};
}

static inline Result processing(Symbols *s, uint32_t code, uint32_t op, uint32_t operand, uint32_t address) {
    static const uint8_t SIMPLE[16] = {OP_AND, OP_BIC, OP_ORR, 0, OP_EOR};
    Graph *g = &s->graph;
    uint32_t n = op >> 16 & 15, value;
    int32_t d = op >> 8 & 15;
    if (n == 15) {
        if (code == 2) return (Result){d, (int32_t)operand};
        return code == 3 ? (Result){d, (int32_t)graph_put(g, OP_NOT, operand, 0, 0)} : NOT_FOLLOWED;
    }
    uint32_t a = symbols_get(s, n, address);
    if (SIMPLE[code]) value = graph_put(g, SIMPLE[code], a, operand, 0);
    else if (code == 8) value = graph_add(g, a, operand);
    else if (code == 13) value = graph_sub(g, a, operand);
    else if (code == 14) value = graph_sub(g, operand, a);
    else return NOT_FOLLOWED;
    return (Result){d, (int32_t)value};
}

static inline Result register_data(Symbols *s, uint32_t op) {
    static const uint8_t SHIFT[] = {OP_LSL, OP_LSR, OP_ASR}, KIND[] = {OP_SBFX, OP_UBFX, 0, 0, OP_SBFX, OP_UBFX};
    Graph *g = &s->graph;
    uint32_t code = op >> 20 & 15, n = op >> 16 & 15, m = op & 15;
    int32_t d = op >> 8 & 15;
    if (code >= 6 || m == 15) return NOT_FOLLOWED;
    if (!(op >> 7 & 1) && n == 15) return NOT_FOLLOWED;
    if (!(op >> 7 & 1)) return (Result){d, (int32_t)graph_put(g, SHIFT[code >> 1], s->values[n], s->values[m], 0)};
    if (!KIND[code] || op >> 4 & 3) return NOT_FOLLOWED;
    uint32_t value = graph_put(g, KIND[code], s->values[m], 0, (code < 2 ? 16 : 8) << 8);
    return (Result){d, (int32_t)(n == 15 ? value : graph_add(g, s->values[n], value))};
}

static inline Result multiply(Symbols *s, uint32_t op) {
    Graph *g = &s->graph;
    uint32_t code = op >> 20 & 7, n = op >> 16 & 15, m = op & 15, a = op >> 12 & 15, product;
    int32_t d = op >> 8 & 15;
    if (n == 15 || m == 15 || code > 1) return NOT_FOLLOWED;
    if (code == 0) {
        product = graph_put(g, OP_MUL, s->values[n], s->values[m], 0);
        if (op >> 4 & 1 && a == 15) return NOT_FOLLOWED;
        if (op >> 4 & 1) return (Result){d, (int32_t)graph_sub(g, s->values[a], product)};
    } else {
        uint32_t first = graph_put(g, OP_SBFX, s->values[n], 0, (op >> 5 & 1 ? 16 : 0) | 16 << 8);
        uint32_t second = graph_put(g, OP_SBFX, s->values[m], 0, (op >> 4 & 1 ? 16 : 0) | 16 << 8);
        product = graph_put(g, OP_MUL, first, second, 0);
    }
    return (Result){d, (int32_t)(a == 15 ? product : graph_add(g, s->values[a], product))};
}

static inline Result wide(Symbols *s, uint32_t op, uint32_t address) {
    uint32_t d = op >> 8 & 15;
    if (d == 13 || d == 15) return NOT_FOLLOWED;
    if (op >> 27 == 0x1E && !(op >> 15 & 1)) {
        if (op >> 25 & 1) return plain_immediate(s, op, address, immediate12(op));
        uint32_t operand = graph_constant(&s->graph, expand_immediate(immediate12(op)));
        return processing(s, op >> 21 & 15, op, operand, address);
    }
    if (op >> 25 == 0x75) {
        uint32_t value = symbols_get(s, op & 15, address);
        uint32_t operand = symbols_shifted(s, value, op >> 4 & 3, (op >> 12 & 7) << 2 | (op >> 6 & 3));
        return processing(s, op >> 21 & 15, op, operand, address);
    }
    if (op >> 24 == 0xFA && (op >> 12 & 15) == 15) return register_data(s, op);
    if (op >> 24 == 0xFB && !(op >> 23 & 1)) return multiply(s, op);
    return NOT_FOLLOWED;
}

/* ---- all of them ---- */

static inline void symbols_execute(Symbols *s, const Decoded *i, uint32_t place) {
    int32_t results[16];
    uint32_t is_memory = i->flags & IS_MEMORY, address = 0;
    memset(results, 0xFF, sizeof results);
    if (is_memory) address = symbols_address(s, i, place);
    if (i->condition == UNCONDITIONAL) {
        if (is_memory) {
            symbols_follow_access(s, i, address, results);
        } else {
            Result result = i->size_bytes == 2 ? narrow(s, i->opcode, place) : wide(s, i->opcode, place);
            if (result.register_number != NOTHING) results[result.register_number] = result.value;
        }
    }
    if (is_memory && i->flags & IS_STORE) symbols_store(s, i, address);
    for (uint32_t n = 0; n < FOLLOWED_REGISTERS; n++)
        if (i->writes >> n & 1) s->values[n] = results[n] != NOTHING ? (uint32_t)results[n] : graph_symbol(&s->graph);
}

/* What has been added to a register since the block's entry: see Registers.added. */
typedef struct { uint32_t is_told, constant; int32_t beside; } Added;

static inline Added symbols_added(const Symbols *s, uint32_t n) {
    const Graph *g = &s->graph;
    Split split = graph_split(g, s->values[n]);
    if (split.root == n) return (Added){1, split.constant, NOTHING}; /* node n is register n */
    const GraphNode *node = &g->nodes[split.root];
    if (node->op != OP_ADD || (node->a != n && node->b != n)) return (Added){0, 0, NOTHING};
    uint32_t other = node->a == n ? node->b : node->a;
    if (g->nodes[other].op != OP_REGISTER || s->values[g->nodes[other].imm] != other) return (Added){0, 0, NOTHING};
    return (Added){1, split.constant, (int32_t)g->nodes[other].imm};
}

#endif
