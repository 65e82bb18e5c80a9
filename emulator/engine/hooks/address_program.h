/* Values that a block's addresses need, computed at its entry. Twin: address_program.py.
 *
 * emulator/engine/expressions.py makes the nodes.
 */
#ifndef BOARDLESS_ADDRESS_PROGRAM_H
#define BOARDLESS_ADDRESS_PROGRAM_H

#include "../../timing/memory/memory_system.h"
#include "../events.h"
#include "../expressions.h"

typedef struct {           /* of one execution of a block */
    uint32_t slots[MAX_SLOTS];
    uint8_t valid[MAX_SLOTS];
} Values;

/* A load's value when it is a memory's; `imm`: the size in bytes | signed << 8. */
static int load_host(MemorySystem *m, uint32_t address, uint32_t imm, uint32_t *value) {
    TimedRegion *r = region_at(m, address);
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

/* Says whether every value is known. */
static int run_program(const Node *program, uint32_t n_nodes, const uint32_t *registers, MemorySystem *memory,
                        Values *values) {
    uint32_t *s = values->slots;
    uint8_t *ok = values->valid, all = 1;
    for (uint32_t i = 0; i < n_nodes; i++) {
        const Node *n = &program[i];
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
        case OP_LOAD: valid = valid && load_host(memory, x, k, &v); break;
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
        s[i] = v;
        ok[i] = (uint8_t)valid;
        all &= ok[i];
    }
    return all;
}

#endif
