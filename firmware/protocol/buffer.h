/* The data buffer that `db` fills and `infer` reads. */
#ifndef PROTOCOL_BUFFER_H
#define PROTOCOL_BUFFER_H

#include <stdint.h>

/* `rest` is what follows `db`. */
void buffer_command(char *rest);

const uint8_t *buffer_bytes(void);

#endif
