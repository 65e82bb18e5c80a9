#include "protocol/buffer.h"

#include "protocol/print.h"
#include "protocol/words.h"

#define BUFFER_SIZE INPUT_BYTES /* the build passes what the benchmark's host sends */
#define PRINTED_PER_LINE 8

static uint8_t buffer[BUFFER_SIZE] __attribute__((aligned(4)));
static uint32_t expected;
static uint32_t filled;

const uint8_t *buffer_bytes(void)
{
    return buffer;
}

static void load(char *rest)
{
    const char *word = next_word(&rest);
    if (word == 0) {
        print_text("e-[Command 'db load' requires the # of bytes]\r\n");
        return;
    }
    const int32_t count = parse_decimal(word);
    if (count <= 0) {
        print_text("e-[Command 'db load' must be >0 bytes]\r\n");
    } else if (count > BUFFER_SIZE) {
        print_text("Supplied buffer size ");
        print_unsigned((uint32_t)count);
        print_text(" exceeds maximum of ");
        print_unsigned(BUFFER_SIZE);
        print_text("\r\n");
    } else {
        expected = (uint32_t)count;
        filled = 0;
        print_text("m-[Expecting ");
        print_unsigned(expected);
        print_text(" bytes]\r\n");
    }
}

static void print_buffer(void)
{
    for (uint32_t i = 0; i < expected; i++) {
        if (i % PRINTED_PER_LINE == 0) {
            print_text(i == 0 ? "m-buffer" : "\r\nm-buffer");
        }
        print_text("-");
        print_hex_byte(buffer[i]);
    }
    print_text("\r\n");
}

static void print_invalid(const char *digits)
{
    const char pair[] = {digits[0], digits[1], '\0'};
    print_text("e-[Invalid hex digit '");
    print_text(pair);
    print_text("']\r\n");
}

static void store(const char *digits)
{
    uint32_t count = 0;
    while (digits[count] != '\0') {
        count++;
    }
    if (count % 2 != 0) {
        print_text("e-[Insufficent number of hex digits]\r\n");
        return;
    }
    for (; *digits != '\0'; digits += 2) {
        const int32_t high = parse_hex_digit(digits[0]);
        const int32_t low = parse_hex_digit(digits[1]);
        if (high < 0 || low < 0) {
            print_invalid(digits);
            return;
        }
        if (filled < expected) {
            buffer[filled++] = (uint8_t)(high << 4 | low);
            if (filled == expected) {
                print_text("m-load-done\r\n");
            }
        }
    }
}

void buffer_command(char *rest)
{
    const char *word = next_word(&rest);
    if (word == 0) {
        print_text("e-[Command 'db' requires a subcommand]\r\n");
    } else if (words_equal(word, "load")) {
        load(rest);
    } else if (words_equal(word, "print")) {
        print_buffer();
    } else {
        store(word);
    }
}
