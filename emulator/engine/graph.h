/* Values inside a block as nodes of a graph; equal ones are one. Twin: Graph of expressions.py. */
#ifndef BOARDLESS_GRAPH_H
#define BOARDLESS_GRAPH_H

#include <stdint.h>
#include <string.h>

#include "expressions.h"

#define OP_SYMBOL 255
#define MOST_NODES 8192
#define NODE_PLACES (2 * MOST_NODES)

typedef struct { uint32_t op, a, b; uint64_t imm; } GraphNode;

typedef struct {
    uint32_t n, symbols, is_full;
    GraphNode nodes[MOST_NODES];
    uint8_t opaque[MOST_NODES];      /* a SYMBOL is in it */
    uint32_t places[NODE_PLACES];    /* node number + 1 */
} Graph;

static inline int op_is_binary(uint32_t op) {
    return (op >= OP_ADD && op <= OP_MUL) || (op >= OP_LSL && op <= OP_ASR) || op == OP_FORWARD;
}

static inline int op_is_unary(uint32_t op) {
    return (op >= OP_LSL_IMMEDIATE && op <= OP_ROR_IMMEDIATE) || op == OP_UBFX || op == OP_SBFX || op == OP_LOAD ||
           op == OP_NOT || op == OP_ADD_CONSTANT;
}

/* The value that a FORWARD may take, as node number + 1; 0: none. */
static inline uint32_t forwarded(const GraphNode *node) {
    return node->op == OP_FORWARD ? (uint32_t)(node->imm >> 16) : 0;
}

static inline int graph_opaque(const Graph *g, const GraphNode *node) {
    uint32_t kept = forwarded(node);
    return node->op == OP_SYMBOL || ((op_is_unary(node->op) || op_is_binary(node->op)) && g->opaque[node->a]) ||
           (op_is_binary(node->op) && g->opaque[node->b]) || (kept && g->opaque[kept - 1]);
}

static inline uint32_t graph_put(Graph *g, uint32_t op, uint32_t a, uint32_t b, uint64_t imm) {
    uint64_t hash = ((uint64_t)op << 56 ^ (uint64_t)a << 32 ^ (uint64_t)b << 16 ^ imm * 0x100000001B3ull) * 0x9E3779B97F4A7C15ull;
    uint32_t place = (uint32_t)(hash >> 40) & (NODE_PLACES - 1);
    for (; g->places[place]; place = (place + 1) & (NODE_PLACES - 1)) {
        const GraphNode *node = &g->nodes[g->places[place] - 1];
        if (node->op == op && node->a == a && node->b == b && node->imm == imm) return g->places[place] - 1;
    }
    if (g->n == MOST_NODES) {
        g->is_full = 1;
        return 0;
    }
    GraphNode *node = &g->nodes[g->n];
    *node = (GraphNode){op, a, b, imm};
    g->opaque[g->n] = (uint8_t)graph_opaque(g, node);
    g->places[place] = ++g->n;
    return g->n - 1;
}

static inline void graph_clear(Graph *g) {
    g->n = g->symbols = g->is_full = 0;
    memset(g->places, 0, sizeof g->places);
}

static inline uint32_t graph_constant(Graph *g, uint32_t value) { return graph_put(g, OP_CONSTANT, 0, 0, value); }

static inline uint32_t graph_symbol(Graph *g) { return graph_put(g, OP_SYMBOL, 0, 0, ++g->symbols); }

static inline uint32_t graph_plus(Graph *g, uint32_t number, uint32_t constant) {
    const GraphNode *node = &g->nodes[number];
    if (node->op == OP_CONSTANT) return graph_constant(g, (uint32_t)node->imm + constant);
    if (node->op == OP_ADD_CONSTANT) {
        constant += (uint32_t)node->imm;
        number = node->a;
    }
    return constant ? graph_put(g, OP_ADD_CONSTANT, number, 0, constant) : number;
}

typedef struct { uint32_t root, constant; } Split;

static inline Split graph_split(const Graph *g, uint32_t number) {
    const GraphNode *node = &g->nodes[number];
    return node->op == OP_ADD_CONSTANT ? (Split){node->a, (uint32_t)node->imm} : (Split){number, 0};
}

static inline uint32_t graph_add(Graph *g, uint32_t a, uint32_t b) {
    if (g->nodes[b].op == OP_CONSTANT) return graph_plus(g, a, (uint32_t)g->nodes[b].imm);
    if (g->nodes[a].op == OP_CONSTANT) return graph_plus(g, b, (uint32_t)g->nodes[a].imm);
    Split first = graph_split(g, a), second = graph_split(g, b);
    uint32_t sum = graph_put(g, OP_ADD, first.root, second.root, 0);
    return graph_plus(g, sum, first.constant + second.constant);
}

static inline uint32_t graph_sub(Graph *g, uint32_t a, uint32_t b) {
    if (g->nodes[b].op == OP_CONSTANT) return graph_plus(g, a, 0u - (uint32_t)g->nodes[b].imm);
    return graph_put(g, OP_SUB, a, b, 0);
}

static inline uint32_t graph_shift_left(Graph *g, uint32_t a, uint32_t amount) {
    if (!amount) return a;
    Split split = graph_split(g, a);
    if (g->nodes[a].op == OP_CONSTANT) return graph_constant(g, (uint32_t)g->nodes[a].imm << amount);
    uint32_t shifted = graph_put(g, OP_LSL_IMMEDIATE, split.root, 0, amount);
    return graph_plus(g, shifted, split.constant << amount);
}

#endif
