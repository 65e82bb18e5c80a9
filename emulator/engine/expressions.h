/* The nodes of a block's address program. Twin: expressions.py, which makes them. */
#ifndef BOARDLESS_EXPRESSIONS_H
#define BOARDLESS_EXPRESSIONS_H

#include <stdint.h>

enum { OP_REGISTER, OP_CONSTANT, OP_ADD, OP_SUB, OP_AND, OP_ORR, OP_EOR, OP_BIC, OP_MUL, OP_LSL_IMMEDIATE,
       OP_LSR_IMMEDIATE, OP_ASR_IMMEDIATE, OP_ROR_IMMEDIATE, OP_LSL, OP_LSR, OP_ASR, OP_UBFX, OP_SBFX, OP_LOAD,
       OP_FORWARD, OP_NOT, OP_ADD_CONSTANT };

typedef struct { uint8_t op, a, b, pad; uint32_t imm; } Node; /* a and b: slots */

#endif
