/* Taking a command line apart. */
#ifndef PROTOCOL_WORDS_H
#define PROTOCOL_WORDS_H

#include <stdint.h>

/* The next word (separated by blanks) from `*rest`, or 0 when there is none; `*rest` moves on. */
char *next_word(char **rest);

int words_equal(const char *a, const char *b);

/* A decimal number as atoi() reads it: what is no number is 0; beyond int32_t it stays at the end. */
int32_t parse_decimal(const char *text);

/* The value of a hexadecimal digit, or -1. */
int32_t parse_hex_digit(char digit);

#endif
