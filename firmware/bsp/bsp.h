/* What a board support package gives to the rest of the firmware, and what it may call. */
#ifndef BSP_BSP_H
#define BSP_BSP_H

#include <stdint.h>

/* Clocks, console with its receive interrupt, time stamps. Called once, interrupts unmasked. */
void bsp_start(void);

/* Send one byte on the console; waits while the transmitter is full. */
void bsp_send(uint8_t byte);

/* Time since bsp_start(). */
uint64_t bsp_microseconds(void);

/* A falling pulse on the time-stamp pin (energy mode): at least one microsecond low. */
void bsp_timestamp_pulse(void);

/* Of the protocol: the console's interrupt handler hands every byte over. */
void console_received(uint8_t byte);

#endif
