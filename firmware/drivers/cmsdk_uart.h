/* Arm CMSDK APB UART (Cortex-M System Design Kit TRM, DDI 0479). */
#ifndef DRIVERS_CMSDK_UART_H
#define DRIVERS_CMSDK_UART_H

#include <stdint.h>

struct cmsdk_uart {
    volatile uint32_t data, state, control, interrupt, baud_divider;
};

#define CMSDK_UART_STATE_TX_FULL (1u << 0)
#define CMSDK_UART_STATE_RX_FULL (1u << 1)
#define CMSDK_UART_STATE_RX_OVERRUN (1u << 3)
#define CMSDK_UART_CONTROL_TX_ENABLE (1u << 0)
#define CMSDK_UART_CONTROL_RX_ENABLE (1u << 1)
#define CMSDK_UART_CONTROL_RX_INTERRUPT (1u << 3)
#define CMSDK_UART_INTERRUPT_RX (1u << 1)
#define CMSDK_UART_LEAST_DIVIDER 16u

static inline void cmsdk_uart_start(struct cmsdk_uart *uart, uint32_t clock_hz, uint32_t baud)
{
    const uint32_t divider = (clock_hz + baud / 2) / baud;
    uart->baud_divider = divider < CMSDK_UART_LEAST_DIVIDER ? CMSDK_UART_LEAST_DIVIDER : divider;
    uart->control =
        CMSDK_UART_CONTROL_TX_ENABLE | CMSDK_UART_CONTROL_RX_ENABLE | CMSDK_UART_CONTROL_RX_INTERRUPT;
}

static inline void cmsdk_uart_send(struct cmsdk_uart *uart, uint8_t byte)
{
    while (uart->state & CMSDK_UART_STATE_TX_FULL) {
    }
    uart->data = byte;
}

/* In the receive interrupt: hand every waiting byte to `received`. */
static inline void cmsdk_uart_receive(struct cmsdk_uart *uart, void (*received)(uint8_t byte))
{
    uart->interrupt = CMSDK_UART_INTERRUPT_RX;
    while (uart->state & CMSDK_UART_STATE_RX_FULL) {
        received((uint8_t)uart->data);
    }
    uart->state = CMSDK_UART_STATE_RX_OVERRUN; /* written 1 clears */
}

#endif
