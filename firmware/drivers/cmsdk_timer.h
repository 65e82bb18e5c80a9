/* Arm CMSDK APB timer (Cortex-M System Design Kit TRM, DDI 0479): 32 bits, counts down. */
#ifndef DRIVERS_CMSDK_TIMER_H
#define DRIVERS_CMSDK_TIMER_H

#include <stdint.h>

struct cmsdk_timer {
    volatile uint32_t control, value, reload, interrupt;
};

#define CMSDK_TIMER_CONTROL_ENABLE (1u << 0)
#define CMSDK_TIMER_CONTROL_INTERRUPT (1u << 3)
#define CMSDK_TIMER_INTERRUPT_PENDING (1u << 0)

/* Free running; interrupts each time it has counted through. */
static inline void cmsdk_timer_start(struct cmsdk_timer *timer)
{
    timer->reload = UINT32_MAX;
    timer->value = UINT32_MAX;
    timer->control = CMSDK_TIMER_CONTROL_ENABLE | CMSDK_TIMER_CONTROL_INTERRUPT;
}

static inline uint32_t cmsdk_timer_elapsed(const struct cmsdk_timer *timer)
{
    return UINT32_MAX - timer->value;
}

static inline int cmsdk_timer_wrapped(const struct cmsdk_timer *timer)
{
    return (timer->interrupt & CMSDK_TIMER_INTERRUPT_PENDING) != 0;
}

static inline void cmsdk_timer_acknowledge(struct cmsdk_timer *timer)
{
    timer->interrupt = CMSDK_TIMER_INTERRUPT_PENDING;
}

#endif
