/* Values that a block's addresses need, computed at its entry. Twin: address_program.py.
 *
 * emulator/engine/expressions.py makes the nodes.
 */
#ifndef BOARDLESS_ADDRESS_PROGRAM_H
#define BOARDLESS_ADDRESS_PROGRAM_H

#include "../../timing/memory/memory_system.h"
#include "../events.h"
#include "../expressions.h"
#include "short_program.h"

typedef struct {           /* of one execution of a block */
    uint32_t slots[MAX_SLOTS];
    uint8_t valid[MAX_SLOTS];
} Values;

/* A load's value when it is a memory's; `imm`: the size in bytes | signed << 8. */
static int load_host(MemorySystem *m, uint32_t address, uint32_t imm, uint32_t *hint, uint32_t *value) {
    TimedRegion *r = region_near(m, address, hint);
    uint32_t size = imm & 0xFF;
    if (!r || !r->host || r->end - address < size) return 0;
    uint32_t v = 0;
    memcpy(&v, r->host + (address - r->base), size);
    if (imm & 0x100) v = size == 1 ? (uint32_t)(int8_t)v : size == 2 ? (uint32_t)(int16_t)v : v;
    *value = v;
    return 1;
}

static uint32_t shift_by(int op, uint32_t v, uint32_t amount) {
    if (op == OP_ASR) return (uint32_t)((int32_t)v >> (amount > 31 ? 31 : amount));
    if (amount > 31) return 0;
    return op == OP_LSL ? v << amount : v >> amount;
}

static uint32_t bit_field(uint32_t v, uint32_t lsb, uint32_t width, int is_signed) {
    uint32_t up = 32 - lsb - width;
    v <<= up;
    return is_signed ? (uint32_t)((int32_t)v >> (up + lsb)) : v >> (up + lsb);
}

/* The value of slot `to`; says whether it is known. */
static int compute(const Node *n, uint32_t to, const uint32_t *registers, MemorySystem *memory, Values *values) {
    uint32_t *s = values->slots;
    uint8_t *ok = values->valid;
    uint32_t x = s[n->a], y = s[n->b], k = n->imm, v = 0;
    int valid = n->op < OP_ADD || (ok[n->a] && ok[n->b]);
    switch (n->op) {
    case OP_REGISTER: v = registers[k]; break;
    case OP_CONSTANT: v = k; break;
    case OP_ADD: v = x + y; break;
    case OP_SUB: v = x - y; break;
    case OP_AND: v = x & y; break;
    case OP_ORR: v = x | y; break;
    case OP_EOR: v = x ^ y; break;
    case OP_BIC: v = x & ~y; break;
    case OP_MUL: v = x * y; break;
    case OP_LSL_IMMEDIATE: v = x << k; break;
    case OP_LSR_IMMEDIATE: v = x >> k; break;
    case OP_ASR_IMMEDIATE: v = (uint32_t)((int32_t)x >> k); break;
    case OP_ROR_IMMEDIATE: v = x >> k | x << (32 - k); break;
    case OP_LSL: case OP_LSR: case OP_ASR: v = shift_by(n->op, x, y & 0xFF); break;
    case OP_UBFX: v = bit_field(x, k & 0xFF, k >> 8, 0); break;
    case OP_SBFX: v = bit_field(x, k & 0xFF, k >> 8, 1); break;
    case OP_LOAD: valid = valid && load_host(memory, x, k, &memory->near, &v); break;
    case OP_FORWARD: {
        uint32_t load = k & 0xFF, store = k >> 8 & 0xFF, kept = k >> 16;
        v = x;
        if (valid && y + store - 1 < load + store - 1) {
            if (y == 0 && kept) { v = s[kept - 1]; valid = ok[kept - 1]; }
            else valid = 0;
        }
        break;
    }
    case OP_NOT: v = ~x; break;
    case OP_ADD_CONSTANT: v = x + k; break;
    default: valid = 0;
    }
    s[to] = v;
    ok[to] = (uint8_t)valid;
    return valid;
}

/* All values of a program, as it was shortened (short_program.h); says whether every one is known. */
static int run_program(Value *program, uint32_t n_values, const uint32_t *registers, MemorySystem *memory, Values *values) {
    int all = 1;
    for (uint32_t i = 0; i < n_values; i++) {
        Value *v = &program[i];
        if (v->node.op == LOAD_AT) {
            uint32_t address = registers[v->node.a] + v->node.imm;
            int known = load_host(memory, address, v->size, &v->region, &values->slots[v->to]);
            values->valid[v->to] = (uint8_t)known;
            all &= known;
        } else all &= compute(&v->node, v->to, registers, memory, values);
    }
    return all;
}

#endif
