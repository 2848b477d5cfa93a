// SPDX-License-Identifier: MIT
/*
 * fusion.h - the small dense operations after the sub-networks: LSTM, linear
 * and cosine classifiers, softmax.
 *
 * Pure arithmetic, no allocation. Safe from many threads with own buffers. One
 * face at a time, so that a face gives the same numbers in any batch.
 */
#ifndef AHA_OPS_FUSION_H
#define AHA_OPS_FUSION_H

/** torch.nn.LSTM, one layer; gates in the order i, f, g, o. */
struct lstm {
    int input;              /* I */
    int hidden;             /* D */
    const float *weight_ih; /* [4 D, I] */
    const float *weight_hh; /* [4 D, D] */
    const float *bias;      /* [4 D], bias_ih + bias_hh */
};

/**
 * One step: (h, c) <- LSTM(z, (h, c)).
 *
 * @param z      [I]
 * @param h, c   [D], read and written; zeros before the first step
 * @param gates  4 D floats of scratch
 */
void lstm_step(const struct lstm *lstm, const float *z, float *h, float *c,
               float *gates);

/** A classifier: cosine (CosFace without its margin) or linear. */
struct classifier {
    int features;
    int classes;
    const float *weight; /* [classes, features]; rows of length 1 if cosine */
    const float *bias;   /* [classes], or NULL: cosine */
    float scale;         /* s; 1 when linear */
};

/**
 * What divides <W_c, x> to give the logit: |x| / scale for cosine (never 0),
 * 1 for linear.
 */
double classifier_divisor(const struct classifier *classifier, const float *x);

/**
 * scores [classes] = <W_c, part> over the features [first, first + n), before
 * division and bias. The parts of x add up to the whole.
 */
void classifier_scores(const struct classifier *classifier, int first, int n,
                       const float *part, double *scores);

/** logits [classes] of one x [features]. */
void classifier_run(const struct classifier *classifier, const float *x,
                    float *logits);

/** probabilities = softmax(logits / temperature); sums to 1. */
void softmax_run(const float *logits, int n, float temperature,
                 float *probabilities);

#endif
