#include "protocol/words.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *next_word(char **rest)
{
    char *word = *rest;
    while (is_blank(*word)) {
        word++;
    }
    if (*word == '\0') {
        *rest = word;
        return 0;
    }
    char *end = word;
    while (*end != '\0' && !is_blank(*end)) {
        end++;
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

int words_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

int32_t parse_decimal(const char *text)
{
    const int negative = *text == '-';
    int32_t value = 0;
    for (text += negative || *text == '+'; *text >= '0' && *text <= '9'; text++) {
        const int32_t digit = *text - '0';
        value = value > (INT32_MAX - digit) / 10 ? INT32_MAX : value * 10 + digit;
    }
    return negative ? -value : value;
}

int32_t parse_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
