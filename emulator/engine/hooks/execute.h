/* Executes one predecoded operation; what needs the FPU first sees to its context (Armv8-M ARM, ExecuteFPCheck). */
#ifndef BOARDLESS_EXECUTE_H
#define BOARDLESS_EXECUTE_H

#include "interpreted_loops.h"
#include "../vector/halves.h"
#include "../vector/wide.h"

#define FPSCR_NZCV 0xF0000000u
#define FPSCR_C 0x20000000u
#define FPSCR_KEPT 0xF7C0009Fu /* what Unicorn's FPSCR holds */
#define FIRST_FLOAT DO_FADD
#define SYSTEM_FPSCR 1u
#define SYSTEM_FLAGS 2u
#define SYSTEM_VPR 12u
#define SYSTEM_P0 13u
#define SYSTEM_NON_SECURE 14u /* FPCXT_NS, FPCXT_S */
#define SYSTEM_SECURE 15u
#define CONTEXT_FPSCR 0x0FFFFFFFu

typedef struct {
    Interpreter core;      /* the first */
    Exceptions *exceptions;
    const Registers *registers;
    BlockHook *head;
    uint32_t has_context;  /* the FPU's is there and may be used, by the code that runs now */
} Executor;

static int fpscr_of(const Executor *x) { return x->exceptions->ids.fp[FP_REGISTERS - 1]; }

static uint32_t read_fpscr(const Executor *x) { return ask(x->registers, x->core.uc, fpscr_of(x)) & FPSCR_KEPT; }

static void write_fpscr(const Executor *x, uint32_t value) {
    put(x->exceptions, x->core.uc, fpscr_of(x), value & FPSCR_KEPT);
    if (!(value & FPSCR_ROUNDING_MODE)) return;
    x->core.machine.state->has_rounded_otherwise = 1; /* ../corrections.py */
    x->head->stop_request |= REQUEST_PYTHON;
}

/* FPSCR with the bits that Unicorn does not have. */
static uint32_t whole_fpscr(const Executor *x) { return read_fpscr(x) | status_of(x->core.machine.state); }

static void put_whole_fpscr(Executor *x, uint32_t value) {
    set_status(x->core.machine.state, value);
    write_fpscr(x, value);
}

/* Whether registers of the FPU are somebody's: VSCCLRM begins no context, and leaves them alone without one. */
static int is_in_context(const Executor *x) {
    const Exceptions *e = x->exceptions;
    uint32_t control = ask(x->registers, x->core.uc, e->ids.control), both = CONTROL_FPCA | CONTROL_SFPA;
    return (control & both) == both || !e->state || !(e->state->fp_context & FPCCR_ASPEN);
}

/* The same of FPCXT_NS, which Non-secure code leaves behind: CONTROL.SFPA does not matter. */
static int is_inactive(const Executor *x) {
    const Exceptions *e = x->exceptions;
    return !(ask(x->registers, x->core.uc, e->ids.control) & CONTROL_FPCA) && e->state && e->state->fp_context & FPCCR_ASPEN;
}

static int may_use(const Executor *x) {
    const Exceptions *e = x->exceptions;
    uint32_t access = x->core.machine.state->access;
    uint32_t control = ask(x->registers, x->core.uc, e->ids.control) & CONTROL_BITS;
    int privileged = !(control & CONTROL_NPRIV) || ask(x->registers, x->core.uc, e->ids.ipsr) & XPSR_NUMBER;
    return access == ACCESS_ALL || (access == ACCESS_PRIVILEGED && privileged);
}

/* A program uses the FPU: may it, and is there a context? Says whether it faults. */
static __attribute__((noinline)) int begin_context(Executor *x) {
    VectorState *s = x->core.machine.state;
    Exceptions *e = x->exceptions;
    void *uc = x->core.uc;
    uint32_t control = ask(x->registers, uc, e->ids.control) & CONTROL_BITS;
    if (!may_use(x)) return fault(&x->core, FAULT_NOCP, 0);
    x->has_context = 1;
    if (is_in_context(x)) return GOES_ON;
    put_control(e, x->registers, uc, control | CONTROL_FPCA | CONTROL_SFPA);
    s->vpr = 0;
    s->tail_size = NO_TAIL;
    put_whole_fpscr(x, s->default_status);
    return GOES_ON;
}

/* ---- registers of the FPU's system ---- */

static int is_secure_in_use(const Executor *x) {
    return (ask(x->registers, x->core.uc, x->exceptions->ids.control) & CONTROL_SFPA) != 0;
}

static void put_secure_in_use(const Executor *x, uint32_t is) {
    const Exceptions *e = x->exceptions;
    uint32_t control = ask(x->registers, x->core.uc, e->ids.control) & ~CONTROL_SFPA;
    put_control(e, x->registers, x->core.uc, control | (is ? CONTROL_SFPA : 0));
}

/* FPCXT_NS and FPCXT_S: FPSCR's bits and CONTROL.SFPA; of FPCXT_NS FPDSCR when there is no context. */
static uint32_t read_context(const Executor *x, uint32_t number) {
    if (number == SYSTEM_NON_SECURE && is_inactive(x))
        return x->core.machine.state->default_status | NO_TAIL << STATUS_TAIL_SHIFT;
    return (whole_fpscr(x) & CONTEXT_FPSCR) | (uint32_t)is_secure_in_use(x) << 31;
}

/* Such a register has been read: who reads FPCXT_S is about to leave Secure state. */
static void leave_context(Executor *x, uint32_t number) {
    if (number < SYSTEM_NON_SECURE || (number == SYSTEM_NON_SECURE && (is_inactive(x) || is_secure_in_use(x)))) return;
    put_whole_fpscr(x, x->core.machine.state->default_status);
    x->core.machine.state->tail_size = NO_TAIL;
    if (number != SYSTEM_SECURE) return;
    put_secure_in_use(x, 0);
    x->has_context = 0;
}

static void write_context(Executor *x, uint32_t number, uint32_t value) {
    if (number == SYSTEM_NON_SECURE && is_inactive(x)) return;
    put_whole_fpscr(x, value & CONTEXT_FPSCR);
    put_secure_in_use(x, value >> 31);
    x->has_context = 0;
}

static uint32_t read_system(const Executor *x, uint32_t number) {
    switch (number) {
    case SYSTEM_NON_SECURE: case SYSTEM_SECURE: return read_context(x, number);
    case SYSTEM_FPSCR: return whole_fpscr(x);
    case SYSTEM_FLAGS: return whole_fpscr(x) & (FPSCR_NZCV | STATUS_SATURATED);
    case SYSTEM_VPR: return x->core.machine.state->vpr;
    default: return x->core.machine.state->vpr & VPR_P0;
    }
}

static void write_system(Executor *x, uint32_t number, uint32_t value) {
    VectorState *s = x->core.machine.state;
    switch (number) {
    case SYSTEM_FPSCR: put_whole_fpscr(x, value); return;
    case SYSTEM_NON_SECURE: case SYSTEM_SECURE: write_context(x, number, value); return;
    case SYSTEM_FLAGS:
        put_whole_fpscr(x, (whole_fpscr(x) & ~(FPSCR_NZCV | STATUS_SATURATED)) | (value & (FPSCR_NZCV | STATUS_SATURATED)));
        return;
    case SYSTEM_VPR: s->vpr = value & VPR_BITS; return;
    default: set_predicates(s, value & VPR_P0);
    }
}

/* VLDR and VSTR of such a register; extra: its number. */
static int move_system(Executor *x, const Operation *o) {
    Interpreter *i = &x->core;
    uint32_t moved = i->machine.r[o->n] + o->immediate, address = o->flags & F_BEFORE ? moved : i->machine.r[o->n];
    uint32_t value = o->flags & F_STORE ? read_system(x, o->extra) : 0;
    if (is_misaligned(i, address, 4)) return FAULTS;
    if (o->flags & F_STORE ? store(i, address, &value, 4) : load(i, address, &value, 4)) return FAULTS;
    if (o->flags & F_STORE) leave_context(x, o->extra);
    else write_system(x, o->extra, value);
    if (o->flags & F_WRITES_BACK) put_core(i, o->n, moved);
    return GOES_ON;
}

static void carry_through(Executor *x, const Operation *o, uint32_t mask) {
    uint32_t carry = o->flags & F_IMMEDIATE ? (o->flags & F_SUBTRACT) != 0 : (read_fpscr(x) & FPSCR_C) != 0;
    int any = add_with_carry(&x->core.machine, o, mask, &carry);
    if (any || o->flags & F_IMMEDIATE) write_fpscr(x, (read_fpscr(x) & ~FPSCR_NZCV) | (carry ? FPSCR_C : 0));
}

/* ---- what VPT predicates ---- */

static void predicated_float(Executor *x, const Operation *o, uint32_t mask) {
    Machine *m = &x->core.machine;
    switch (o->operation) {
    case DO_FCADD: float_complex_add(m, o, mask); break;
    case DO_FCMUL: case DO_FCMLA: float_complex_multiply(m, o, mask); break;
    case DO_FMAXV: case DO_FMINV: case DO_FMAXAV: case DO_FMINAV: float_extreme(m, o, mask); break;
    case DO_FNARROW: narrow_floats(m, o, mask, read_fpscr(x) & FPSCR_AHP); break;
    case DO_FWIDEN: widen_floats(m, o, mask, read_fpscr(x) & FPSCR_AHP); break;
    default: float_elements(m, o, mask);
    }
}

static int predicated(Executor *x, const Operation *o) {
    Machine *m = &x->core.machine;
    uint32_t mask = active_bytes(m->state, m->r[LR]);
    switch (o->operation) {
    case DO_CONTIGUOUS: if (contiguous(&x->core, o, mask)) return FAULTS; break;
    case DO_OFFSETS: if (by_offsets(&x->core, o, mask)) return FAULTS; break;
    case DO_ADDRESSES: if (by_addresses(&x->core, o, mask)) return FAULTS; break;
    case DO_PNOT: set_predicates(m->state, ~m->state->vpr & mask); break;
    case DO_CTP: make_tail(m, o, mask); break;
    case DO_CMP: compare(m, o, mask); break;
    case DO_AND: case DO_BIC: case DO_ORR: case DO_ORN: case DO_EOR: case DO_MVN: bitwise(m, o, mask); break;
    case DO_PSEL: select_bytes(m, o, mask); break;
    case DO_CONSTANT: constant(m, o, mask); break;
    case DO_DUP: duplicate(m, o, mask); break;
    case DO_IDUP: count_up(m, o, mask); break;
    case DO_REV16: case DO_REV32: case DO_REV64: reverse(m, o, mask); break;
    case DO_QDMULL: case DO_MULL: case DO_MULLP: case DO_SHLL: case DO_SHLL_WHOLE: widen_elements(m, o, mask); break;
    case DO_MOVN: case DO_QMOVN: case DO_QMOVUN: case DO_SHRN: case DO_QSHRN: case DO_QSHRUN: narrow_elements(m, o, mask); break;
    case DO_SHLC: shift_through(m, o, mask); break;
    case DO_ADC: carry_through(x, o, mask); break;
    case DO_HCADD: case DO_CADD: complex_add(m, o, mask); break;
    case DO_QDMLADH: dual_high(m, o, mask); break;
    case DO_MLADAV: case DO_MLALDAV: case DO_RMLALDAVH: sum_products(m, o, mask); break;
    case DO_ADDV: case DO_ADDLV: sum_elements(m, o, mask); break;
    case DO_ABAV: sum_differences(m, o, mask); break;
    case DO_MAXV: case DO_MINV: case DO_MAXAV: case DO_MINAV: extreme(m, o, mask); break;
    case DO_FCMP: float_compare(m, o, mask); break;
    default:
        if (o->operation < FIRST_FLOAT) by_element(m, o, mask);
        else predicated_float(x, o, mask);
    }
    advance_predication(m->state);
    if ((o->operation == DO_CMP || o->operation == DO_FCMP) && o->a) open_predication(m->state, o->a); /* VPT */
    return GOES_ON;
}

/* ---- what only needs the FPU ---- */

/* VSCCLRM: S registers from d on, as many as `immediate` says, and VPR. */
static void clear_context(Executor *x, const Operation *o) {
    memset(single_at(&x->core.machine, o->d), 0, 4 * o->immediate);
    x->core.machine.state->vpr = 0;
}

/* VLDR.16, VSTR.16. */
static int move_half(Interpreter *i, const Operation *o) {
    uint32_t *d = single_at(&i->machine, o->d), half = *d & 0xFFFF;
    uint32_t address = (o->n == NO_OPERAND ? 0 : i->machine.r[o->n]) + o->immediate;
    if (is_misaligned(i, address, 2)) return FAULTS;
    if (o->operation == DO_HALF_STORE) return store(i, address, &half, 2);
    half = 0;
    if (load(i, address, &half, 2)) return FAULTS;
    *d = half;
    return GOES_ON;
}

/* Scalar half precision. */
static int with_halves(Executor *x, const Operation *o) {
    Machine *m = &x->core.machine;
    switch (o->operation) {
    case DO_HALF_LOAD: case DO_HALF_STORE: return move_half(&x->core, o);
    case DO_HALF_CONSTANT: case DO_HALF_TO_CORE: case DO_HALF_FROM_CORE: case DO_HALF_INSERT: case DO_HALF_EXTRACT:
        half_move(m, o);
        break;
    case DO_HALF_SEL: *single_at(m, o->d) = *single_at(m, condition_holds(x->core.flags, o->a) ? o->n : o->m) & 0xFFFF; break;
    case DO_HALF_CMP: {
        uint32_t fpscr = read_fpscr(x);
        write_fpscr(x, (fpscr & ~FPSCR_NZCV) | half_comparison(m, o, fpscr));
        break;
    }
    case DO_HALF_TO_FIXED: case DO_HALF_FROM_FIXED: half_conversion(m, o, read_fpscr(x)); break;
    default: half_arithmetic(m, o, read_fpscr(x));
    }
    return GOES_ON;
}

static int with_context(Executor *x, const Operation *o) {
    Machine *m = &x->core.machine;
    uint8_t *q = vector_at(m, o->d);
    switch (o->operation) {
    case DO_CLEAR_PREDICATION: m->state->tail_size = NO_TAIL; break;
    case DO_READ_SYSTEM: m->r[o->d] = read_system(x, o->extra); leave_context(x, o->extra); break;
    case DO_WRITE_SYSTEM: write_system(x, o->extra, m->r[o->d]); break;
    case DO_PST: open_predication(m->state, o->a); break;
    case DO_MOV_TO_CORE: m->r[o->n] = (uint32_t)lane(q, o->size, o->flags & F_UNSIGNED, o->immediate); break;
    case DO_MOV_TO_LANE: put_lane(q, o->size, o->immediate, m->r[o->n]); break;
    case DO_MOV_TO_PAIR:
        m->r[o->n] = (uint32_t)lane(q, 2, 1, o->immediate);
        m->r[o->m] = (uint32_t)lane(q, 2, 1, o->immediate + 2);
        break;
    case DO_MOV_FROM_PAIR:
        put_lane(q, 2, o->immediate, m->r[o->n]);
        put_lane(q, 2, o->immediate + 2, m->r[o->m]);
        break;
    case DO_SYSTEM_REGISTER: return move_system(x, o);
    case DO_CLEAR_CONTEXT: clear_context(x, o); break;
    case DO_INTERLEAVED: return interleaved(&x->core, o);
    default: return with_halves(x, o);
    }
    return GOES_ON;
}

/* FPCXT_NS is read and written without a context, too. */
static int begins_no_context(const Operation *o) {
    return o->extra == SYSTEM_NON_SECURE &&
           (o->operation == DO_READ_SYSTEM || o->operation == DO_WRITE_SYSTEM || o->operation == DO_SYSTEM_REGISTER);
}

static inline int execute(Executor *x, const Operation *o) {
    Interpreter *i = &x->core;
    if (o->condition != ALWAYS && !condition_holds(i->flags, o->condition)) return GOES_ON;
    if (o->operation >= FIRST_VECTOR || o->flags & F_PREDICATES) {
        if (o->operation == DO_CLEAR_CONTEXT && !is_in_context(x)) return may_use(x) ? GOES_ON : fault(i, FAULT_NOCP, 0);
        if (begins_no_context(o)) return is_inactive(x) || may_use(x) ? with_context(x, o) : fault(i, FAULT_NOCP, 0);
        if (!x->has_context && begin_context(x)) return FAULTS;
        if (o->operation >= FIRST_PREDICATED) return predicated(x, o);
        if (o->operation >= FIRST_VECTOR) return with_context(x, o);
    }
    switch (o->operation) {
    case DO_NOTHING: return GOES_ON;
    case DO_AND_CORE: case DO_BIC_CORE: case DO_ORR_CORE: case DO_ORN_CORE: case DO_EOR_CORE: case DO_MOV_CORE:
    case DO_MVN_CORE: case DO_ADD_CORE: case DO_ADC_CORE: case DO_SBC_CORE: case DO_SUB_CORE: case DO_RSB_CORE:
        data_processing(i, o);
        return GOES_ON;
    case DO_SHIFT_CORE: shift_by_register(i, o); return GOES_ON;
    case DO_MUL_CORE: case DO_MLA_CORE: case DO_MLS_CORE: case DO_SMULL_CORE: case DO_UMULL_CORE: case DO_SMLAL_CORE:
    case DO_UMLAL_CORE: case DO_UMAAL_CORE: case DO_SMLAXY_CORE:
        multiply_core(i, o);
        return GOES_ON;
    case DO_EXTEND_CORE: extend(i, o); return GOES_ON;
    case DO_REV_CORE: case DO_REV16_CORE: case DO_REVSH_CORE: case DO_RBIT_CORE: case DO_CLZ_CORE: case DO_UBFX_CORE:
    case DO_SBFX_CORE: case DO_BFI_CORE: case DO_MOVT_CORE: case DO_SSAT_CORE: case DO_USAT_CORE:
        one_operand(i, o);
        return GOES_ON;
    case DO_LOAD: case DO_STORE: return load_or_store(i, o);
    case DO_LOAD_DOUBLE: case DO_STORE_DOUBLE: return load_or_store_double(i, o);
    case DO_LOAD_MULTIPLE: case DO_STORE_MULTIPLE: return load_or_store_multiple(i, o);
    case DO_BRANCH:
        if (o->flags & F_LINKS) i->machine.r[LR] = (i->next + o->size_bytes) | 1; /* next: where it stands */
        i->next = o->immediate;
        return BRANCHES;
    case DO_COMPARE_BRANCH:
        if ((i->machine.r[o->n] == 0) == o->extra) return GOES_ON;
        i->next = o->immediate;
        return BRANCHES;
    case DO_SELECT: select_core(i, o); return GOES_ON;
    case DO_CLEAR: clear_registers(i, o); return GOES_ON;
    case DO_LOOP_START: case DO_LOOP_WHILE: return loop_start(i, o);
    case DO_LOOP_END: return loop_end(i, o);
    case DO_LOOP_FOREVER: i->next = o->immediate; return BRANCHES;
    case DO_LSLL: case DO_LSRL: case DO_ASRL: case DO_SQSHLL: case DO_UQSHLL: case DO_SRSHRL: case DO_URSHRL:
    case DO_SQRSHRL: case DO_UQRSHLL:
        shift_pair(i, o);
        return GOES_ON;
    default: shift_one(i, o); return GOES_ON;
    }
}

#endif
