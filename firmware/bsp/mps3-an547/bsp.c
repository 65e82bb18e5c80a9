/* Arm MPS3 with image AN547: Corstone-300, a Cortex-M55.
 *
 * The time comes from two counters of the FPGA: seconds, and microseconds that wrap.
 */
#include "bsp/bsp.h"

#include "drivers/cmsdk_uart.h"
#include "startup/cortex_m.h"

#define UART ((struct cmsdk_uart *)BSP_UART_BASE)
#define FPGAIO_SECONDS REGISTER(BSP_FPGAIO_BASE + 0x10u)
#define FPGAIO_PRESCALE REGISTER(BSP_FPGAIO_BASE + 0x1Cu)
#define FPGAIO_PRESCALED REGISTER(BSP_FPGAIO_BASE + 0x20u)
#define GPIO_DATA_OUT REGISTER(BSP_GPIO_BASE + 0x04u)
#define GPIO_OUTPUT_ENABLE REGISTER(BSP_GPIO_BASE + 0x10u)
#define TIMESTAMP_PIN (1u << 0)
#define MICROSECONDS_PER_SECOND 1000000u

#define CCR_DC (1u << 16)  /* data cache; a Cortex-M55 empties both at reset (101051, "Cache initialization") */
#define CCR_LOB (1u << 19) /* loops remember where they begin (DDI 0553, B3.28) */

void unexpected_interrupt(void);

static void uart_interrupt(void)
{
    cmsdk_uart_receive(UART, console_received);
}

__attribute__((section(".vectors.external"), used)) static void (
    *const external_vectors[BSP_INTERRUPTS])(void) = {
    [0 ... BSP_INTERRUPTS - 1] = unexpected_interrupt,
    [BSP_UART_RX_INTERRUPT] = uart_interrupt,
};

void bsp_start(void)
{
    SCB_CCR |= CCR_LOB | CCR_IC | CCR_DC;
    barrier();
    FPGAIO_PRESCALE = BSP_PERIPHERAL_HZ / MICROSECONDS_PER_SECOND - 1;
    FPGAIO_SECONDS = 0;
    FPGAIO_PRESCALED = 0;
    cmsdk_uart_start(UART, BSP_PERIPHERAL_HZ, CONSOLE_BAUD);
#if ENERGY_MODE
    GPIO_DATA_OUT = TIMESTAMP_PIN;
    GPIO_OUTPUT_ENABLE = TIMESTAMP_PIN;
#endif
    interrupt_enable(BSP_UART_RX_INTERRUPT);
}

void bsp_send(uint8_t byte)
{
    cmsdk_uart_send(UART, byte);
}

/* What the seconds say, and how far the other counter is before or behind that. */
uint64_t bsp_microseconds(void)
{
    const uint64_t about = (uint64_t)FPGAIO_SECONDS * MICROSECONDS_PER_SECOND;
    return about + (uint64_t)(int64_t)(int32_t)(FPGAIO_PRESCALED - (uint32_t)about);
}

void bsp_timestamp_pulse(void)
{
#if ENERGY_MODE
    const uint64_t start = bsp_microseconds();
    GPIO_DATA_OUT = 0;
    while (bsp_microseconds() - start < 2) {
    }
    GPIO_DATA_OUT = TIMESTAMP_PIN;
#endif
}
