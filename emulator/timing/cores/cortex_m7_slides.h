/* Multiple transfers in code without 16-bit instructions. Twin: cortex_m7_slides.py, with its figures from there. */
#ifndef BOARDLESS_CORTEX_M7_SLIDES_H
#define BOARDLESS_CORTEX_M7_SLIDES_H

#include <stdint.h>
#include <string.h>

#include "step.h"

#define MOST_OPEN 16

typedef struct { int32_t narrow_needed, window_cycles, stall_cycles; } SlideRules;

typedef struct { uint8_t narrow, n_open; int8_t until[MOST_OPEN]; uint8_t needed[MOST_OPEN]; } Slides;

typedef struct {
    const SlideRules *rules;
    int32_t narrow, n_open, until[MOST_OPEN], needed[MOST_OPEN], overflows;
} SlideBoard;

static inline void slides_begin(SlideBoard *b, const SlideRules *rules, const Slides *state) {
    *b = (SlideBoard){.rules = rules, .narrow = state->narrow, .n_open = state->n_open};
    for (int32_t k = 0; k < b->n_open; k++) {
        b->until[k] = state->until[k];
        b->needed[k] = state->needed[k];
    }
}

static inline int32_t slides_stall(SlideBoard *b, int32_t now) {
    int32_t kept = 0;
    for (int32_t k = 0; k < b->n_open; k++) {
        if (now > b->until[k]) continue;
        b->until[kept] = b->until[k];
        b->needed[kept++] = b->needed[k];
    }
    int32_t late = b->n_open - kept;
    b->n_open = kept;
    return late * b->rules->stall_cycles;
}

static inline void slides_save(SlideBoard *b) {
    if (!b->n_open) {
        if (b->narrow < b->rules->narrow_needed) b->narrow++;
    } else if (--b->needed[0] == 0) {
        b->n_open--;
        memmove(b->until, b->until + 1, (size_t)b->n_open * sizeof *b->until);
        memmove(b->needed, b->needed + 1, (size_t)b->n_open * sizeof *b->needed);
    }
}

static inline void slides_issue(SlideBoard *b, const Decoded *i, int32_t now) {
    if (i->size_bytes == 2) {
        slides_save(b);
    } else if (i->flags & IS_MULTIPLE) {
        int32_t needed = b->rules->narrow_needed - b->narrow;
        b->narrow = 0;
        if (needed && b->n_open == MOST_OPEN) b->overflows = 1;
        if (!needed || b->overflows) return;
        b->until[b->n_open] = now + b->rules->window_cycles;
        b->needed[b->n_open++] = needed;
    }
}

static inline int slides_freeze(const SlideBoard *b, int32_t now, Slides *state) {
    memset(state, 0, sizeof *state);
    state->narrow = (uint8_t)b->narrow;
    state->n_open = (uint8_t)b->n_open;
    for (int32_t k = 0; k < b->n_open; k++) {
        int32_t left = b->until[k] - now;
        if (left < INT8_MIN || left > INT8_MAX) return 0;
        state->until[k] = (int8_t)left;
        state->needed[k] = (uint8_t)b->needed[k];
    }
    return !b->overflows;
}

#endif
