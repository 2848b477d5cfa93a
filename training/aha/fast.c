// SPDX-License-Identifier: MIT
/*
 * fast.c - the steps of training that torch does slowly on one core.
 *
 * Batch normalisation with what follows it (adding the shortcut, ReLU) in two
 * passes each way over bfloat16 rows [rows, channels], and AdamW in one.
 * Compiled by training/aha/fast.py; needs AVX-512 with bfloat16, and channels
 * in multiples of 16.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define ALWAYS static inline __attribute__((always_inline))

enum { LANES = 16, GROUP = 4, RUN = 512 };

ALWAYS __m512 load(const uint16_t *p)
{
    __m256i half = _mm256_loadu_si256((const __m256i *)p);

    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

ALWAYS void store(uint16_t *p, __m512 v)
{
    _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(v));
}

/* Two sums a channel, over all rows; n groups of LANES channels from c. */
struct sums {
    double a[GROUP * LANES];
    double b[GROUP * LANES];
};

static void flush(double *to, __m512 v)
{
    float lanes[LANES];

    _mm512_storeu_ps(lanes, v);
    for (int i = 0; i < LANES; i++) {
        to[i] += (double)lanes[i];
    }
}

ALWAYS void sum_values(const uint16_t *x, size_t rows, size_t channels,
                       size_t c, size_t n, struct sums *out)
{
    *out = (struct sums){0};
    for (size_t at = 0; at < rows; at += RUN) {
        size_t end = at + RUN < rows ? at + RUN : rows;
        __m512 a[GROUP] = {0};
        __m512 b[GROUP] = {0};

        for (size_t r = at; r < end; r++) {
            for (size_t k = 0; k < n; k++) {
                __m512 v = load(x + r * channels + c + k * LANES);

                a[k] = _mm512_add_ps(a[k], v);
                b[k] = _mm512_fmadd_ps(v, v, b[k]);
            }
        }
        for (size_t k = 0; k < n; k++) {
            flush(out->a + k * LANES, a[k]);
            flush(out->b + k * LANES, b[k]);
        }
    }
}

/* The gradient as it reaches the normalisation: nothing where ReLU cut. */
ALWAYS __m512 masked(const uint16_t *g, const uint16_t *y, size_t at, int relu)
{
    __m512 v = load(g + at);

    if (relu) {
        __mmask16 on =
            _mm512_cmp_ps_mask(load(y + at), _mm512_setzero_ps(), _CMP_GT_OQ);

        v = _mm512_maskz_mov_ps(on, v);
    }
    return v;
}

ALWAYS void sum_gradients(const uint16_t *g, const uint16_t *y,
                          const uint16_t *x, const float *mean, size_t rows,
                          size_t channels, size_t c, size_t n, int relu,
                          struct sums *out)
{
    *out = (struct sums){0};
    for (size_t at = 0; at < rows; at += RUN) {
        size_t end = at + RUN < rows ? at + RUN : rows;
        __m512 a[GROUP] = {0};
        __m512 b[GROUP] = {0};

        for (size_t r = at; r < end; r++) {
            for (size_t k = 0; k < n; k++) {
                size_t i = r * channels + c + k * LANES;
                __m512 v = masked(g, y, i, relu);
                __m512 d = _mm512_sub_ps(load(x + i),
                                         _mm512_loadu_ps(mean + c + k * LANES));

                a[k] = _mm512_add_ps(a[k], v);
                b[k] = _mm512_fmadd_ps(v, d, b[k]);
            }
        }
        for (size_t k = 0; k < n; k++) {
            flush(out->a + k * LANES, a[k]);
            flush(out->b + k * LANES, b[k]);
        }
    }
}

static size_t groups(size_t channels, size_t c)
{
    size_t left = (channels - c) / LANES;

    return left < GROUP ? left : GROUP;
}

/* The arguments of norm_forward, from channel c on. */
struct forward {
    const uint16_t *x;
    const uint16_t *shortcut;
    size_t rows;
    size_t channels;
    const float *gamma;
    const float *beta;
    float eps;
    float momentum;
    float *moving_mean;
    float *moving_var;
    int relu;
    uint16_t *y;
    float *mean;
    float *invstd;
};

ALWAYS void forward(const struct forward *f, size_t c, size_t n)
{
    float scale[GROUP * LANES];
    float shift[GROUP * LANES];
    struct sums sums;

    sum_values(f->x, f->rows, f->channels, c, n, &sums);
    for (size_t i = 0; i < n * LANES; i++) {
        double m = sums.a[i] / (double)f->rows;
        double var = fmax(sums.b[i] / (double)f->rows - m * m, 0);
        double unbiased = var * (double)f->rows / ((double)f->rows - 1);
        size_t k = c + i;

        f->mean[k] = (float)m;
        f->invstd[k] = (float)(1 / sqrt(var + (double)f->eps));
        f->moving_mean[k] += f->momentum * ((float)m - f->moving_mean[k]);
        f->moving_var[k] += f->momentum * ((float)unbiased - f->moving_var[k]);
        scale[i] = f->gamma[k] * f->invstd[k];
        shift[i] = f->beta[k] - f->mean[k] * scale[i];
    }
    for (size_t r = 0; r < f->rows; r++) {
        for (size_t k = 0; k < n; k++) {
            size_t i = r * f->channels + c + k * LANES;
            __m512 v = _mm512_fmadd_ps(load(f->x + i),
                                       _mm512_loadu_ps(scale + k * LANES),
                                       _mm512_loadu_ps(shift + k * LANES));

            if (f->shortcut != NULL) {
                v = _mm512_add_ps(v, load(f->shortcut + i));
            }
            if (f->relu) {
                v = _mm512_max_ps(v, _mm512_setzero_ps());
            }
            store(f->y + i, v);
        }
    }
}

/* Loops over few channels are fast when their number is a constant. */
#define EACH_GROUP(call, arguments, channels)                                  \
    for (size_t c = 0; c < (channels); c += GROUP * LANES) {                   \
        switch (groups(channels, c)) {                                         \
        case 1:                                                                \
            call(arguments, c, 1);                                             \
            break;                                                             \
        case 2:                                                                \
            call(arguments, c, 2);                                             \
            break;                                                             \
        case 3:                                                                \
            call(arguments, c, 3);                                             \
            break;                                                             \
        default:                                                               \
            call(arguments, c, GROUP);                                         \
        }                                                                      \
    }

/**
 * y = act(gamma (x - mean) invstd + beta + shortcut).
 *
 * @param shortcut  may be NULL
 * @param moving_mean, moving_var  moved by `momentum`
 * @param mean, invstd  of this batch, kept for the way back
 */
void norm_forward(const uint16_t *x, const uint16_t *shortcut, size_t rows,
                  size_t channels, const float *gamma, const float *beta,
                  float eps, float momentum, float *moving_mean,
                  float *moving_var, int relu, uint16_t *y, float *mean,
                  float *invstd)
{
    const struct forward f = {x,    shortcut, rows,     channels,    gamma,
                              beta, eps,      momentum, moving_mean, moving_var,
                              relu, y,        mean,     invstd};

    EACH_GROUP(forward, &f, channels)
}

/* The arguments of norm_backward. */
struct backward {
    const uint16_t *g;
    const uint16_t *y;
    const uint16_t *x;
    size_t rows;
    size_t channels;
    const float *gamma;
    const float *mean;
    const float *invstd;
    int relu;
    uint16_t *dx;
    uint16_t *dshort;
    float *dgamma;
    float *dbeta;
};

ALWAYS void backward(const struct backward *b, size_t c, size_t n)
{
    float by[GROUP * LANES];
    float slope[GROUP * LANES];
    float shift[GROUP * LANES];
    struct sums sums;

    sum_gradients(b->g, b->y, b->x, b->mean, b->rows, b->channels, c, n,
                  b->relu, &sums);
    for (size_t i = 0; i < n * LANES; i++) {
        size_t k = c + i;

        b->dbeta[k] = (float)sums.a[i];
        b->dgamma[k] = (float)sums.b[i] * b->invstd[k];
        by[i] = b->gamma[k] * b->invstd[k];
        slope[i] = -by[i] * b->invstd[k] * b->dgamma[k] / (float)b->rows;
        shift[i] =
            -by[i] * b->dbeta[k] / (float)b->rows - slope[i] * b->mean[k];
    }
    for (size_t r = 0; r < b->rows; r++) {
        for (size_t k = 0; k < n; k++) {
            size_t i = r * b->channels + c + k * LANES;
            __m512 v = masked(b->g, b->y, i, b->relu);
            __m512 d = _mm512_fmadd_ps(load(b->x + i),
                                       _mm512_loadu_ps(slope + k * LANES),
                                       _mm512_loadu_ps(shift + k * LANES));

            if (b->dshort != NULL) {
                store(b->dshort + i, v);
            }
            store(b->dx + i,
                  _mm512_fmadd_ps(v, _mm512_loadu_ps(by + k * LANES), d));
        }
    }
}

/** @param dshort  the shortcut's gradient, or NULL */
void norm_backward(const uint16_t *g, const uint16_t *y, const uint16_t *x,
                   size_t rows, size_t channels, const float *gamma,
                   const float *mean, const float *invstd, int relu,
                   uint16_t *dx, uint16_t *dshort, float *dgamma, float *dbeta)
{
    const struct backward b = {g,      y,    x,  rows,   channels, gamma, mean,
                               invstd, relu, dx, dshort, dgamma,   dbeta};

    EACH_GROUP(backward, &b, channels)
}

/** AdamW on n weights, their gradients first multiplied by `clip`. */
void adamw(float *restrict w, const float *restrict g, float *restrict m,
           float *restrict v, size_t n, float clip, float rate, float decay,
           float beta1, float beta2, float eps, float bias1, float bias2)
{
    float step = rate / bias1;
    float root = 1 / sqrtf(bias2);

    for (size_t i = 0; i < n; i++) {
        float d = g[i] * clip;

        m[i] += (1 - beta1) * (d - m[i]);
        v[i] += (1 - beta2) * (d * d - v[i]);
        w[i] = w[i] * (1 - rate * decay) -
               step * m[i] / (sqrtf(v[i]) * root + eps);
    }
}
