/* Arm MPS2 FPGA images as QEMU has them, and the virtual boards that are built like them.
 *
 * Bases and interrupt numbers come from bsp.toml. The clock is read from the board, so that one
 * image tells the right time on every copy of a virtual board.
 */
#include "bsp/bsp.h"

#include "drivers/cmsdk_timer.h"
#include "drivers/cmsdk_uart.h"
#include "drivers/mps2_scc.h"
#include "startup/cortex_m.h"

#define UART ((struct cmsdk_uart *)BSP_UART_BASE)
#define TIMER ((struct cmsdk_timer *)BSP_TIMER_BASE)
#define SCC ((struct mps2_scc *)BSP_SCC_BASE)
#define GPIO_DATA_OUT REGISTER(BSP_GPIO_BASE + 0x04u)
#define GPIO_OUTPUT_ENABLE REGISTER(BSP_GPIO_BASE + 0x10u)
#define TIMESTAMP_PIN (1u << 0)

void unexpected_interrupt(void);

static volatile uint32_t timer_wraps;
static uint32_t clock_khz;

static void uart_interrupt(void)
{
    cmsdk_uart_receive(UART, console_received);
}

static void timer_interrupt(void)
{
    cmsdk_timer_acknowledge(TIMER);
    timer_wraps++;
}

__attribute__((section(".vectors.external"), used)) static void (
    *const external_vectors[BSP_INTERRUPTS])(void) = {
    [0 ... BSP_INTERRUPTS - 1] = unexpected_interrupt,
    [BSP_UART_RX_INTERRUPT] = uart_interrupt,
    [BSP_TIMER_INTERRUPT] = timer_interrupt,
};

void bsp_start(void)
{
    const uint32_t clock_hz = mps2_scc_system_hz(SCC);
    clock_khz = clock_hz / 1000;
    cmsdk_timer_start(TIMER);
    cmsdk_uart_start(UART, clock_hz, CONSOLE_BAUD);
#if ENERGY_MODE
    GPIO_DATA_OUT = TIMESTAMP_PIN;
    GPIO_OUTPUT_ENABLE = TIMESTAMP_PIN;
#endif
    interrupt_enable(BSP_UART_RX_INTERRUPT);
    interrupt_enable(BSP_TIMER_INTERRUPT);
}

void bsp_send(uint8_t byte)
{
    cmsdk_uart_send(UART, byte);
}

static uint64_t ticks(void)
{
    const uint32_t primask = interrupts_mask();
    uint32_t wraps = timer_wraps;
    uint32_t elapsed = cmsdk_timer_elapsed(TIMER);
    if (cmsdk_timer_wrapped(TIMER)) { /* and its interrupt has not been taken yet */
        wraps++;
        elapsed = cmsdk_timer_elapsed(TIMER);
    }
    interrupts_restore(primask);
    return (uint64_t)wraps << 32 | elapsed;
}

/* Long division by at most 24 bits, 8 bits at a time: no core needs a 64-bit divider for it. */
static uint64_t divide(uint64_t value, uint32_t divisor)
{
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        rest = rest << 8 | (uint8_t)(value >> shift);
        quotient = quotient << 8 | rest / divisor;
        rest %= divisor;
    }
    return quotient;
}

uint64_t bsp_microseconds(void)
{
    return divide(ticks() * 1000, clock_khz);
}

void bsp_timestamp_pulse(void)
{
#if ENERGY_MODE
    const uint32_t two_microseconds = clock_khz / 500 + 1;
    const uint64_t start = ticks();
    GPIO_DATA_OUT = 0;
    while (ticks() - start < two_microseconds) {
    }
    GPIO_DATA_OUT = TIMESTAMP_PIN;
#endif
}
