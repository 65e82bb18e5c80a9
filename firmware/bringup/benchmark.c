/* Board support of the benchmarks' firmware, for boards that a file of this folder brings up. */
#include "bsp/bsp.h"

#include "bringup/board.h"
#include "startup/cortex_m.h"

#if ENERGY_MODE && defined(BSP_PIN_PORT)
#include "bringup/stm32_pin.h"
#define HAS_PIN 1
#else
#define HAS_PIN 0
#endif

void unexpected_interrupt(void);

static volatile uint32_t wraps;

static void console_interrupt(void)
{
    console_take(console_received);
}

static void timer_interrupt(void)
{
    time_acknowledge();
    wraps++;
}

__attribute__((section(".vectors.external"), used)) static void (
    *const external_vectors[BSP_INTERRUPTS])(void) = {
    [0 ... BSP_INTERRUPTS - 1] = unexpected_interrupt,
    [BSP_TIMER_INTERRUPT] = timer_interrupt,
    [BSP_CONSOLE_INTERRUPT] = console_interrupt,
};

void bsp_start(void)
{
    clock_up();
#ifdef BSP_LEVEL_1_CACHES
    caches_open();
#endif
    time_open();
#if HAS_PIN
    pin_open();
#endif
    console_open();
    console_listen();
    interrupt_enable(BSP_TIMER_INTERRUPT);
    interrupt_enable(BSP_CONSOLE_INTERRUPT);
}

void bsp_send(uint8_t byte)
{
    console_put((char)byte);
}

uint64_t bsp_microseconds(void)
{
    const uint32_t primask = interrupts_mask();
    uint32_t high = wraps;
    uint32_t count = time_count();
    if (time_wrapped()) { /* and its interrupt has not been taken yet */
        high++;
        count = time_count();
    }
    interrupts_restore(primask);
    return (uint64_t)high << TIME_BITS | count;
}

void bsp_timestamp_pulse(void)
{
#if HAS_PIN
    const uint32_t start = time_count();
    pin_put(0);
    while (time_count() - start < 2u) {
    }
    pin_put(1);
#endif
}
