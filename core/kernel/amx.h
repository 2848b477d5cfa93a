// SPDX-License-Identifier: MIT
/*
 * amx.h - AMX's instructions, and how the outputs of a convolution are dealt
 * to its tiles. For the kernels of AMX alone.
 *
 * Outputs are numbered along rows as long as the input's, so that the inputs of
 * neighbours are neighbours wherever rows end; what is computed for the numbers
 * between two rows is thrown away.
 *
 * DESIGN: the tiles' registers are part of the instructions, and gcc 12's
 * intrinsics do not say that they read and write memory; hence the assembly.
 */
#ifndef AHA_KERNEL_AMX_TILES_H
#define AHA_KERNEL_AMX_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/kernel/kernel_vec.h"

enum {
    AMX_ROWS = 16,                 /* at most, of a tile */
    AMX_ROW = 64,                  /* bytes of one, at most */
    AMX_TILE = AMX_ROWS * AMX_ROW, /* bytes */
    AMX_PAIR = 2,                  /* blocks of y, and tiles of pixels */
    AMX_SUMS = AMX_ROWS * KERNEL_BLOCK,
    /* Registers: sums are 0 to 3, [tile of pixels][block]. */
    AMX_X = 4, /* and 5: pixels */
    AMX_W = 6, /* and 7: weights of two blocks */
    AMX_REGISTERS = 8,
};

#define AMX_LOAD(tile, base, stride)                                           \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(base),              \
                     "r"((size_t)(stride)), "i"(tile)                          \
                     : "memory")
#define AMX_STORE(tile, base, stride)                                          \
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(base),             \
                     "r"((size_t)(stride)), "i"(tile)                          \
                     : "memory")
#define AMX_ZERO(tile) __asm__ volatile("tilezero %%tmm%c0" ::"i"(tile))
#define AMX_DOT(instruction, sum, x, w)                                        \
    __asm__ volatile(instruction " %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sum),   \
                     "i"(x), "i"(w))

/* Tiles of `pixels` with so many bytes of channels, 4 to a row of weights. */
static inline void amx_begin(int pixels, int bytes)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};

    for (int i = 0; i < AMX_REGISTERS; i++) {
        config.row_bytes[i] =
            (uint16_t)(i == AMX_X || i == AMX_X + 1 ? bytes : AMX_ROW);
        config.rows[i] = (uint8_t)(i < AMX_W ? pixels : bytes / 4);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(config));
}

static inline void amx_end(void)
{
    __asm__ volatile("tilerelease");
}

/* Sums of up to two tiles of pixels and two blocks: none yet. */
INLINE void amx_zero(void)
{
    AMX_ZERO(0);
    AMX_ZERO(1);
    AMX_ZERO(2);
    AMX_ZERO(3);
}

/* To [tile of pixels][block][AMX_SUMS]. */
INLINE void amx_store(void *sums)
{
    uint8_t *to = sums;

    AMX_STORE(0, to, AMX_ROW);
    AMX_STORE(1, to + AMX_TILE, AMX_ROW);
    AMX_STORE(2, to + 2 * AMX_TILE, AMX_ROW);
    AMX_STORE(3, to + 3 * AMX_TILE, AMX_ROW);
}

/* Of two blocks. */
INLINE void amx_load_weights(const uint8_t *w)
{
    AMX_LOAD(AMX_W, w, AMX_ROW);
    AMX_LOAD(AMX_W + 1, w + AMX_TILE, AMX_ROW);
}

/* Pixels `apart` bytes from each other, and a second tile's, `next` bytes on.
 */
INLINE void amx_load_pixels(const uint8_t *x, size_t apart, size_t next,
                            const bool is_pair)
{
    AMX_LOAD(AMX_X, x, apart);
    if (is_pair) {
        AMX_LOAD(AMX_X + 1, x + next, apart);
    }
}

/* sums += the products of the pixels and weights in the registers. */
#define AMX_DOTS(instruction, is_pair)                                         \
    do {                                                                       \
        AMX_DOT(instruction, 0, AMX_X, AMX_W);                                 \
        AMX_DOT(instruction, 1, AMX_X, AMX_W + 1);                             \
        if (is_pair) {                                                         \
            AMX_DOT(instruction, 2, AMX_X + 1, AMX_W);                         \
            AMX_DOT(instruction, 3, AMX_X + 1, AMX_W + 1);                     \
        }                                                                      \
    } while (false)

/* The outputs of one image: numbers, and the tiles that cover them. */
struct amx_tiles {
    int columns; /* from row to row */
    int width;   /* of these, outputs */
    int n;
    int count;
    int rows; /* of each tile; the last begins sooner, not to hang over */
};

static inline struct amx_tiles amx_tiles(int h, int w, int columns)
{
    int n = (h - 1) * columns + w;
    int count = (n + AMX_ROWS - 1) / AMX_ROWS;

    return (struct amx_tiles){columns, w, n, count, (n + count - 1) / count};
}

/* The number a tile begins at. */
INLINE int amx_first(const struct amx_tiles *tiles, int tile)
{
    return least(tile * tiles->rows, tiles->n - tiles->rows);
}

/* Outputs side by side: `sum` counts from the tile's first. */
struct amx_span {
    int row, column, n, sum;
};

/*
 * Of the outputs that a tile is the first to cover the next that lie in one
 * row; *at begins at 0.
 */
INLINE bool amx_next(const struct amx_tiles *tiles, int tile, int *at,
                     struct amx_span *span)
{
    int from = tile * tiles->rows;
    int end = least(from + tiles->rows, tiles->n);

    while (from + *at < end) {
        int number = from + *at;
        int column = number % tiles->columns;
        int n = least(end - number, tiles->columns - column);

        *span = (struct amx_span){number / tiles->columns, column,
                                  least(n, tiles->width - column),
                                  number - amx_first(tiles, tile)};
        *at += n;
        if (span->n > 0) {
            return true;
        }
    }
    return false;
}

#endif
