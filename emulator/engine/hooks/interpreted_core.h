/* What the interpreter executes of a core's own instructions: the plain forms that vector loops are made of.
 *
 * Flags are kept as APSR has them. `extra` of a shifted operand is its sort (LSL, LSR, ASR, ROR, RRX), `a` its amount;
 * of a constant: what it makes of the carry.
 */
#ifndef BOARDLESS_CORE_OPERATIONS_H
#define BOARDLESS_CORE_OPERATIONS_H

#include "interpreted_memory.h"

enum { SORT_LSL, SORT_LSR, SORT_ASR, SORT_ROR, SORT_RRX };
enum { CARRY_STAYS, CARRY_CLEAR, CARRY_SET };

static int condition_holds(uint32_t flags, uint32_t condition) {
    int n = (flags & FLAG_N) != 0, z = (flags & FLAG_Z) != 0, c = (flags & FLAG_C) != 0, v = (flags & FLAG_V) != 0, is;
    switch (condition >> 1) {
    case 0: is = z; break;
    case 1: is = c; break;
    case 2: is = n; break;
    case 3: is = v; break;
    case 4: is = c && !z; break;
    case 5: is = n == v; break;
    case 6: is = n == v && !z; break;
    default: return 1;
    }
    return is != (int)(condition & 1);
}

static inline void set_nz(Interpreter *i, uint32_t value) {
    i->flags = (i->flags & ~(FLAG_N | FLAG_Z)) | (value & FLAG_N) | (value ? 0 : FLAG_Z);
}

static inline void set_carry(Interpreter *i, uint32_t carry) { i->flags = (i->flags & ~FLAG_C) | (carry ? FLAG_C : 0); }

/* A register shifted by a number of bits that may be any; `carry` in and out. */
static uint32_t shift_register(uint32_t value, uint32_t sort, uint32_t amount, uint32_t *carry) {
    if (sort == SORT_RRX) {
        uint32_t result = value >> 1 | *carry << 31;
        *carry = value & 1;
        return result;
    }
    if (!amount) return value;
    switch (sort) {
    case SORT_LSL:
        *carry = amount > 32 ? 0 : value >> (32 - amount) & 1;
        return amount > 31 ? 0 : value << amount;
    case SORT_LSR:
        *carry = amount > 32 ? 0 : (uint32_t)((uint64_t)value >> (amount - 1)) & 1;
        return amount > 31 ? 0 : value >> amount;
    case SORT_ASR:
        *carry = (uint32_t)((int64_t)(int32_t)value >> (amount > 32 ? 32 : amount - 1)) & 1;
        return (uint32_t)((int64_t)(int32_t)value >> (amount > 32 ? 32 : amount));
    default: {
        uint32_t result = amount & 31 ? value >> (amount & 31) | value << (32 - (amount & 31)) : value;
        *carry = result >> 31;
        return result;
    }
    }
}

static uint32_t add_carry(Interpreter *i, const Operation *o, uint32_t a, uint32_t b, uint32_t carry) {
    uint64_t sum = (uint64_t)a + b + carry;
    uint32_t result = (uint32_t)sum;
    if (o->flags & F_SETS_FLAGS) {
        set_nz(i, result);
        set_carry(i, sum >> 32 != 0);
        i->flags = (i->flags & ~FLAG_V) | ((~(a ^ b) & (a ^ result)) >> 31 ? FLAG_V : 0);
    }
    return result;
}

static inline void put_core(Interpreter *i, uint32_t n, uint32_t value) {
    if (n != NO_OPERAND) i->machine.r[n] = n == 13 ? value & ~3u : value;
}

/* AND to RSB: d = n op (m shifted, or a number). */
static void data_processing(Interpreter *i, const Operation *o) {
    uint32_t *r = i->machine.r, carry = (i->flags & FLAG_C) != 0, carry_in = carry, b, result;
    uint32_t a = o->n == NO_OPERAND ? 0 : r[o->n];
    if (o->m == NO_OPERAND) {
        b = o->immediate;
        if (o->extra) carry = o->extra == CARRY_SET;
    } else b = o->a | o->extra ? shift_register(r[o->m], o->extra, o->a, &carry) : r[o->m];
    switch (o->operation) {
    case DO_ADD_CORE: put_core(i, o->d, add_carry(i, o, a, b, 0)); return;
    case DO_ADC_CORE: put_core(i, o->d, add_carry(i, o, a, b, carry_in)); return;
    case DO_SBC_CORE: put_core(i, o->d, add_carry(i, o, a, ~b, carry_in)); return;
    case DO_SUB_CORE: put_core(i, o->d, add_carry(i, o, a, ~b, 1)); return;
    case DO_RSB_CORE: put_core(i, o->d, add_carry(i, o, ~a, b, 1)); return;
    case DO_AND_CORE: result = a & b; break;
    case DO_BIC_CORE: result = a & ~b; break;
    case DO_ORR_CORE: result = a | b; break;
    case DO_ORN_CORE: result = a | ~b; break;
    case DO_EOR_CORE: result = a ^ b; break;
    case DO_MVN_CORE: result = ~b; break;
    default: result = b;
    }
    if (o->flags & F_SETS_FLAGS) {
        set_nz(i, result);
        set_carry(i, carry);
    }
    put_core(i, o->d, result);
}

/* LSL, LSR, ASR, ROR by a register. */
static void shift_by_register(Interpreter *i, const Operation *o) {
    uint32_t carry = (i->flags & FLAG_C) != 0;
    uint32_t result = shift_register(i->machine.r[o->n], o->extra, i->machine.r[o->m] & 0xFF, &carry);
    if (o->flags & F_SETS_FLAGS) {
        set_nz(i, result);
        set_carry(i, carry);
    }
    put_core(i, o->d, result);
}

static int32_t half_of(uint32_t value, uint32_t top) { return top ? (int32_t)value >> 16 : (int16_t)value; }

static void multiply_core(Interpreter *i, const Operation *o) {
    uint32_t *r = i->machine.r, n = r[o->n], m = r[o->m];
    uint64_t both = (uint64_t)r[o->a == NO_OPERAND ? 0 : o->a] << 32 | r[o->d], product;
    switch (o->operation) {
    case DO_MUL_CORE:
        r[o->d] = n * m;
        if (o->flags & F_SETS_FLAGS) set_nz(i, r[o->d]);
        return;
    case DO_MLA_CORE: r[o->d] = r[o->a] + n * m; return;
    case DO_MLS_CORE: r[o->d] = r[o->a] - n * m; return;
    case DO_SMLAXY_CORE: {
        int64_t sum = (int64_t)half_of(n, o->extra & 2) * half_of(m, o->extra & 1) + (o->a == NO_OPERAND ? 0 : (int32_t)r[o->a]);
        if (sum != (int32_t)sum) i->sticky = 1;
        r[o->d] = (uint32_t)sum;
        return;
    }
    case DO_SMULL_CORE: product = (uint64_t)((int64_t)(int32_t)n * (int32_t)m); break;
    case DO_UMULL_CORE: product = (uint64_t)n * m; break;
    case DO_SMLAL_CORE: product = both + (uint64_t)((int64_t)(int32_t)n * (int32_t)m); break;
    case DO_UMLAL_CORE: product = both + (uint64_t)n * m; break;
    default: product = (uint64_t)n * m + r[o->d] + r[o->a];
    }
    r[o->d] = (uint32_t)product;
    r[o->a] = (uint32_t)(product >> 32);
}

/* SXTB, UXTH ..., with an addend or without; `a`: the rotation, `size`: of the datum. */
static void extend(Interpreter *i, const Operation *o) {
    uint32_t carry = 0, v = shift_register(i->machine.r[o->m], SORT_ROR, o->a, &carry);
    uint32_t value = o->flags & F_UNSIGNED ? (o->size ? v & 0xFFFF : v & 0xFF)
                                           : (uint32_t)(o->size ? (int16_t)v : (int8_t)v);
    i->machine.r[o->d] = value + (o->n == NO_OPERAND ? 0 : i->machine.r[o->n]);
}

/* One operand to one result; `a` and `immediate`: the least bit and the width of a field. */
static void one_operand(Interpreter *i, const Operation *o) {
    uint32_t *r = i->machine.r, v = r[o->m], width = o->immediate, carry = 0;
    uint32_t field = width >= 32 ? UINT32_MAX : (1u << width) - 1;
    int saturated = 0;
    switch (o->operation) {
    case DO_REV_CORE: r[o->d] = __builtin_bswap32(v); return;
    case DO_REV16_CORE: r[o->d] = (v & 0xFF00FF) << 8 | (v >> 8 & 0xFF00FF); return;
    case DO_REVSH_CORE: r[o->d] = (uint32_t)(int32_t)(int16_t)__builtin_bswap16((uint16_t)v); return;
    case DO_RBIT_CORE: r[o->d] = (uint32_t)reversed(v, 32); return;
    case DO_CLZ_CORE: r[o->d] = v ? (uint32_t)__builtin_clz(v) : 32; return;
    case DO_UBFX_CORE: r[o->d] = v >> o->a & field; return;
    case DO_SBFX_CORE: r[o->d] = (uint32_t)((int32_t)(v << (32 - o->a - width)) >> (32 - width)); return;
    case DO_BFI_CORE:
        r[o->d] = (r[o->d] & ~(field << o->a)) | ((o->m == NO_OPERAND ? 0 : v) & field) << o->a;
        return;
    case DO_MOVT_CORE: r[o->d] = (r[o->d] & 0xFFFF) | width << 16; return;
    default: /* SSAT, USAT */
        v = shift_register(v, o->extra, o->a, &carry);
        r[o->d] = (uint32_t)saturate((int32_t)v, width, o->operation == DO_USAT_CORE, &saturated);
        if (saturated) i->sticky = 1;
    }
}

/* ---- memory ---- */

static inline uint32_t data_address(Interpreter *i, const Operation *o, uint32_t *moved) {
    if (o->n == NO_OPERAND) return o->immediate; /* a literal */
    uint32_t base = i->machine.r[o->n];
    *moved = base + (o->m == NO_OPERAND ? o->immediate : i->machine.r[o->m] << o->a);
    return o->flags & F_BEFORE ? *moved : base;
}

static int load_or_store(Interpreter *i, const Operation *o) {
    uint32_t moved = 0, address = data_address(i, o, &moved), bytes = 1u << o->size, value = 0;
    if (i->machine.state->traps_unaligned && is_misaligned(i, address, bytes)) return FAULTS;
    if (o->operation == DO_STORE) {
        if (store(i, address, &i->machine.r[o->d], bytes)) return FAULTS;
    } else {
        if (load(i, address, &value, bytes)) return FAULTS;
        if (!(o->flags & F_UNSIGNED)) value = (uint32_t)(o->size ? (int16_t)value : (int8_t)value);
    }
    if (o->flags & F_WRITES_BACK) put_core(i, o->n, moved);
    if (o->operation == DO_LOAD) put_core(i, o->d, value);
    return GOES_ON;
}

static int load_or_store_double(Interpreter *i, const Operation *o) {
    uint32_t moved = 0, address = data_address(i, o, &moved), words[2] = {i->machine.r[o->d], i->machine.r[o->a]};
    if (is_misaligned(i, address, 4)) return FAULTS;
    int stores = o->operation == DO_STORE_DOUBLE;
    for (uint32_t n = 0; n < 2; n++)
        if (stores ? store(i, address + 4 * n, &words[n], 4) : load(i, address + 4 * n, &words[n], 4)) return FAULTS;
    if (o->flags & F_WRITES_BACK) put_core(i, o->n, moved);
    if (!stores) { i->machine.r[o->d] = words[0]; i->machine.r[o->a] = words[1]; }
    return GOES_ON;
}

/* LDM, STM, PUSH, POP of a list of registers. */
static int load_or_store_multiple(Interpreter *i, const Operation *o) {
    uint32_t count = (uint32_t)__builtin_popcount(o->immediate), base = i->machine.r[o->n], words[16];
    uint32_t moved = o->flags & F_BEFORE ? base - 4 * count : base + 4 * count;
    uint32_t address = o->flags & F_BEFORE ? moved : base;
    if (is_misaligned(i, address, 4)) return FAULTS;
    for (uint32_t n = 0, at = 0; n < 15; n++) {
        if (!(o->immediate >> n & 1)) continue;
        uint32_t *word = &words[at];
        *word = i->machine.r[n];
        if (o->operation == DO_STORE_MULTIPLE ? store(i, address + 4 * at, word, 4) : load(i, address + 4 * at, word, 4)) return FAULTS;
        at++;
    }
    if (o->flags & F_WRITES_BACK) put_core(i, o->n, moved);
    for (uint32_t n = 0, at = 0; o->operation == DO_LOAD_MULTIPLE && n < 15; n++)
        if (o->immediate >> n & 1) put_core(i, n, words[at++]);
    return GOES_ON;
}

#endif
