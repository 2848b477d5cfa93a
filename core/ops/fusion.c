// SPDX-License-Identifier: MIT
#include "core/ops/fusion.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/blas.h"

static const double SMALLEST_NORM = 1e-12; /* torch.nn.functional.normalize */

static float sigmoid(float v)
{
    return 1.0F / (1.0F + expf(-v));
}

void lstm_step(const struct lstm *lstm, const float *z, float *h, float *c,
               float *gates)
{
    int d = lstm->hidden;

    memcpy(gates, lstm->bias, 4 * (size_t)d * sizeof *gates);
    blas_gemv(4 * d, lstm->input, lstm->weight_ih, z, 1.0F, gates);
    blas_gemv(4 * d, d, lstm->weight_hh, h, 1.0F, gates);
    for (int i = 0; i < d; i++) {
        float input = sigmoid(gates[i]);
        float forget = sigmoid(gates[d + i]);
        float cell = tanhf(gates[2 * d + i]);
        float output = sigmoid(gates[3 * d + i]);

        c[i] = forget * c[i] + input * cell;
        h[i] = output * tanhf(c[i]);
    }
}

double classifier_divisor(const struct classifier *classifier, const float *x)
{
    double squares = 0;

    if (classifier->bias != NULL) {
        return 1;
    }
    for (int i = 0; i < classifier->features; i++) {
        squares += (double)x[i] * (double)x[i];
    }
    return fmax(sqrt(squares), SMALLEST_NORM) / (double)classifier->scale;
}

void classifier_scores(const struct classifier *classifier, int first, int n,
                       const float *part, double *scores)
{
    for (int c = 0; c < classifier->classes; c++) {
        const float *row = classifier->weight +
                           (size_t)c * (size_t)classifier->features + first;
        double score = 0;

        for (int i = 0; i < n; i++) {
            score += (double)row[i] * (double)part[i];
        }
        scores[c] = score;
    }
}

void classifier_run(const struct classifier *classifier, const float *x,
                    float *logits)
{
    double divisor = classifier_divisor(classifier, x);

    for (int c = 0; c < classifier->classes; c++) {
        const float *row =
            classifier->weight + (size_t)c * (size_t)classifier->features;
        double score = 0;

        for (int i = 0; i < classifier->features; i++) {
            score += (double)row[i] * (double)x[i];
        }
        score /= divisor;
        if (classifier->bias != NULL) {
            score += (double)classifier->bias[c];
        }
        logits[c] = (float)score;
    }
}

void softmax_run(const float *logits, int n, float temperature,
                 float *probabilities)
{
    float top = logits[0];
    double total = 0;

    for (int i = 1; i < n; i++) {
        top = fmaxf(top, logits[i]);
    }
    for (int i = 0; i < n; i++) {
        probabilities[i] = expf((logits[i] - top) / temperature);
        total += (double)probabilities[i];
    }
    for (int i = 0; i < n; i++) {
        probabilities[i] = (float)((double)probabilities[i] / total);
    }
}
