/* Text on the console, without a C library. */
#ifndef PROTOCOL_PRINT_H
#define PROTOCOL_PRINT_H

#include <stdint.h>

void print_text(const char *text);
void print_unsigned(uint64_t value);
void print_hex_byte(uint8_t value);
void print_hex_word(uint32_t value);

/* Three decimals, rounded as printf("%.3f") rounds: the exact value, half to even. */
void print_real(float value);

#endif
