/* What Armv8.1-M adds to a core's registers, and the core's own as the interpreter works on them.
 *
 * Registers and vectors are Unicorn's own, in its CPU state. VPR, FPSCR.QC, LTPSIZE and FZ16 Unicorn 2.1.4 does
 * not have: they are here. Twin: vector_state.py.
 */
#ifndef BOARDLESS_VECTOR_STATE_H
#define BOARDLESS_VECTOR_STATE_H

#include <stdint.h>
#include <string.h>

#define VECTOR_BYTES 16u
#define WHOLE 0xFFFFu      /* every byte of a vector, a bit each */
#define VPR_P0 0xFFFFu
#define VPR_MASK01 0xF0000u
#define VPR_MASK23 0xF00000u
#define VPR_BITS (VPR_P0 | VPR_MASK01 | VPR_MASK23)
#define NO_TAIL 4u         /* of LTPSIZE: no loop is tail-predicated */
#define FLAG_N 0x80000000u
#define FLAG_Z 0x40000000u
#define FLAG_C 0x20000000u
#define FLAG_V 0x10000000u
#define LR 14
#define PC 15

enum { FAULT_NONE, FAULT_UNDEFINED, FAULT_NOCP, FAULT_INVSTATE, FAULT_UNALIGNED, FAULT_DATA, FAULT_PROTECTED };
enum { ACCESS_PRIVILEGED = 1, ACCESS_ALL = 2 };

typedef struct {           /* shared with Python: keep in step with vector_state.py */
    uint32_t vpr, saturated, tail_size; /* VPR, FPSCR.QC, FPSCR.LTPSIZE */
    uint32_t default_status;            /* FPDSCR */
    uint32_t access;                    /* who may use the FPU */
    uint32_t traps_unaligned;           /* CCR.UNALIGN_TRP */
    uint32_t fault, fault_address;      /* what the last instruction met, and is not done */
    uint32_t has_rounded_otherwise;     /* FPSCR was given another rounding mode than to nearest */
    uint32_t raised;                    /* FPSCR's cumulative flags that the interpreter raised, beside Unicorn's */
    uint32_t flushes_halves;            /* FPSCR.FZ16, which Unicorn does not have */
} VectorState;

/* Which bytes of a vector an instruction works on, a bit each. */
static inline uint32_t active_bytes(const VectorState *s, uint32_t lr) {
    uint32_t mask = WHOLE;
    if (s->vpr & (VPR_MASK01 | VPR_MASK23)) {
        mask = s->vpr & VPR_P0;
        if (!(s->vpr & VPR_MASK01)) mask |= 0x00FF;
        if (!(s->vpr & VPR_MASK23)) mask |= 0xFF00;
    }
    if (s->tail_size < NO_TAIL && lr <= VECTOR_BYTES >> s->tail_size)
        mask &= (1u << (lr << s->tail_size)) - 1;
    return mask;
}

/* VPTAdvance: one instruction of a VPT block is done. */
static inline void advance_predication(VectorState *s) {
    uint32_t first = s->vpr >> 16 & 15, second = s->vpr >> 20 & 15;
    if (!(first | second)) return;
    if (first > 8) s->vpr ^= 0x00FF;
    if (second > 8) s->vpr ^= 0xFF00;
    s->vpr = (s->vpr & VPR_P0) | (first << 1 & 15) << 16 | (second << 1 & 15) << 20;
}

static inline void open_predication(VectorState *s, uint32_t mask) {
    s->vpr = (s->vpr & VPR_P0) | mask << 16 | mask << 20;
}

#define STATUS_SATURATED (1u << 27)
#define STATUS_TAIL_SHIFT 16
#define STATUS_FLUSHES_HALVES (1u << 19)
#define STATUS_RAISED 0x9Fu

/* FPSCR's bits QC, LTPSIZE and FZ16, and flags beside those that Unicorn has. */
static inline uint32_t status_of(const VectorState *s) {
    return (s->saturated ? STATUS_SATURATED : 0) | s->tail_size << STATUS_TAIL_SHIFT |
           (s->flushes_halves ? STATUS_FLUSHES_HALVES : 0) | s->raised;
}

/* What of FPSCR stands here and may be written: not LTPSIZE. Unicorn gets the flags. */
static inline void set_status(VectorState *s, uint32_t fpscr) {
    s->saturated = (fpscr & STATUS_SATURATED) != 0;
    s->flushes_halves = (fpscr & STATUS_FLUSHES_HALVES) != 0;
    s->raised = 0;
}

/* A frame's FPSCR and VPR: what the handler uses begins anew. */
static inline void stack_vectors(VectorState *s, uint32_t *words) {
    words[0] = (words[0] & ~(7u << STATUS_TAIL_SHIFT)) | status_of(s);
    words[1] = s->vpr;
    s->vpr = 0;
    set_status(s, s->default_status & STATUS_FLUSHES_HALVES);
    s->tail_size = NO_TAIL;
}

static inline void unstack_vectors(VectorState *s, const uint32_t *words) {
    set_status(s, words[0]);
    s->raised = words[0] & STATUS_RAISED; /* Unicorn's FPSCR is not written when the handler left it alone */
    s->tail_size = words[0] >> STATUS_TAIL_SHIFT & 7;
    s->vpr = words[1] & VPR_BITS;
}

static inline void set_predicates(VectorState *s, uint32_t bytes) { s->vpr = (s->vpr & ~VPR_P0) | bytes; }

#endif
