// SPDX-License-Identifier: MIT
#include "server/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_CLASSES = 7 }; /* that the contract names */

enum parameter_id {
    MAX_FACES,
    MIN_FACE_SIZE,
    DET_THRESHOLD,
    INPUT,
    INCLUDE,
    COORDS,
    ON_NO_FACE,
    SORT,
    TOP_K,
    N_PARAMETERS,
};

enum kind {
    KIND_WHOLE,
    KIND_NUMBER,
    KIND_CHOICE, /* one of the words */
    KIND_LIST,   /* any of the words, with commas between */
};

static const struct parameter {
    const char *name;
    enum kind kind;
    bool is_for_detection; /* of use where no expression is asked for */
    double low;            /* of numbers */
    double high;
    const char *words; /* with spaces between */
} parameters[] = {
    [MAX_FACES] = {"max_faces", KIND_WHOLE, true, 1, AHA_MAX_FACES, NULL},
    [MIN_FACE_SIZE] = {"min_face_size", KIND_NUMBER, true, 1, 100000, NULL},
    [DET_THRESHOLD] = {"det_threshold", KIND_NUMBER, true, 0.01, 0.99, NULL},
    [INPUT] = {"input", KIND_CHOICE, false, 0, 0, "image aligned"},
    [INCLUDE] = {"include", KIND_LIST, true, 0, 0,
                 "landmarks pose quality attention attention_map evidence "
                 "logits timing"},
    [COORDS] = {"coords", KIND_CHOICE, true, 0, 0, "pixel normalized"},
    [ON_NO_FACE] = {"on_no_face", KIND_CHOICE, true, 0, 0, "empty error"},
    [SORT] = {"sort", KIND_CHOICE, true, 0, 0, "size confidence left"},
    [TOP_K] = {"top_k", KIND_WHOLE, false, 1, N_CLASSES, NULL},
};

/* Of include, what a detection can give. */
static const char detection_words[] = "landmarks pose quality timing";

struct request_options options_default(const struct aha_options *limits,
                                       bool is_detection)
{
    struct request_options options = {
        .photo = *limits,
        .reply = {.include = INCLUDE_DEFAULT},
        .is_detection = is_detection,
    };

    options.photo.has_no_expression = is_detection;
    return options;
}

static bool parse_number(const char *text, double low, double high,
                         bool is_whole, double *out)
{
    char *end = NULL;
    double value;

    if (text == NULL || strspn(text, "0123456789.") != strlen(text)) {
        return false;
    }
    value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high) ||
        (is_whole && value != floor(value))) {
        return false;
    }
    *out = value;
    return true;
}

/* Place of a word of n bytes in a list with spaces, or -1. */
static int find_word(const char *words, const char *word, size_t n)
{
    for (int i = 0; *words != '\0'; i++) {
        size_t length = strcspn(words, " ");

        if (length == n && memcmp(words, word, n) == 0) {
            return i;
        }
        words += length;
        words += strspn(words, " ");
    }
    return -1;
}

/* The bits of a comma list; an empty list is no bits. */
static bool parse_list(const char *allowed, const char *words, const char *text,
                       unsigned *out)
{
    unsigned bits = 0;

    if (text == NULL) {
        return false;
    }
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        int bit = find_word(words, text, n);

        if (bit < 0 || find_word(allowed, text, n) < 0 ||
            (bits & (1U << bit)) != 0) {
            return false;
        }
        bits |= 1U << bit;
        text += n;
        if (*text == ',' && *++text == '\0') {
            return false;
        }
    }
    *out = bits;
    return true;
}

/* "image aligned" as "image or aligned", or "a, b, c". */
static void spell(const char *words, const char *last, char *out, size_t n)
{
    size_t used = 0;

    while (*words != '\0' && used + 1 < n) {
        size_t length = strcspn(words, " ");
        const char *rest = words + length + strspn(words + length, " ");
        const char *between = *rest == '\0'                      ? ""
                              : rest[strcspn(rest, " ")] == '\0' ? last
                                                                 : ", ";
        int wrote = snprintf(out + used, n - used, "%.*s%s", (int)length, words,
                             between);

        used += wrote > 0 ? (size_t)wrote : n;
        words = rest;
    }
}

static const char *words_of(const struct request_options *options,
                            const struct parameter *parameter)
{
    return parameter->kind == KIND_LIST && options->is_detection
               ? detection_words
               : parameter->words;
}

static double highest(const struct request_options *options,
                      enum parameter_id id)
{
    return id == MAX_FACES ? options->photo.max_faces : parameters[id].high;
}

static void refuse(const struct request_options *options, enum parameter_id id,
                   size_t n, char *detail)
{
    const struct parameter *parameter = &parameters[id];
    char words[OPTION_MAX_TEXT] = "";

    switch (parameter->kind) {
    case KIND_WHOLE:
    case KIND_NUMBER:
        (void)snprintf(detail, n, "%s takes a %snumber from %g to %g.",
                       parameter->name,
                       parameter->kind == KIND_WHOLE ? "whole " : "",
                       parameter->low, highest(options, id));
        break;
    case KIND_CHOICE:
        spell(parameter->words, " or ", words, sizeof words);
        (void)snprintf(detail, n, "%s takes %s.", parameter->name, words);
        break;
    case KIND_LIST:
        spell(words_of(options, parameter), " and ", words, sizeof words);
        (void)snprintf(detail, n, "%s takes a comma list of %s, each once.",
                       parameter->name, words);
        break;
    }
}

static void refuse_name(const struct request_options *options, const char *name,
                        size_t n, char *detail)
{
    char names[OPTION_MAX_TEXT] = "";
    char list[OPTION_MAX_TEXT + 32];

    for (int i = 0; i < N_PARAMETERS; i++) {
        size_t used = strlen(names);

        if (parameters[i].is_for_detection || !options->is_detection) {
            (void)snprintf(names + used, sizeof names - used, "%s%s",
                           used > 0 ? " " : "", parameters[i].name);
        }
    }
    spell(names, " and ", list, sizeof list);
    (void)snprintf(detail, n, "There is no parameter %.40s; %s are accepted.",
                   name, list);
}

static void apply_include(struct request_options *options, unsigned bits)
{
    if ((bits & (INCLUDE_ATTENTION_MAP | INCLUDE_EVIDENCE)) != 0) {
        bits |= INCLUDE_ATTENTION;
    }
    options->reply.include = bits;
}

static void apply(struct request_options *options, enum parameter_id id,
                  double number, int word)
{
    switch (id) {
    case MAX_FACES:
        options->photo.max_faces = (int)number;
        break;
    case MIN_FACE_SIZE:
        options->photo.min_face_size = (float)number;
        break;
    case DET_THRESHOLD:
        options->photo.detection_threshold = (float)number;
        break;
    case INPUT:
        options->photo.is_aligned = word == 1;
        break;
    case COORDS:
        options->reply.is_normalized = word == 1;
        break;
    case ON_NO_FACE:
        options->is_no_face_error = word == 1;
        break;
    case SORT:
        options->reply.order = (enum face_order)word;
        break;
    case TOP_K:
        options->reply.top_k = (int)number;
        break;
    case INCLUDE:
    case N_PARAMETERS:
        break;
    }
}

static bool take(struct request_options *options, enum parameter_id id,
                 const char *value)
{
    const struct parameter *parameter = &parameters[id];
    double number = 0;
    unsigned bits = 0;
    int word = 0;

    switch (parameter->kind) {
    case KIND_WHOLE:
    case KIND_NUMBER:
        if (!parse_number(value, parameter->low, highest(options, id),
                          parameter->kind == KIND_WHOLE, &number)) {
            return false;
        }
        break;
    case KIND_CHOICE:
        word = value == NULL
                   ? -1
                   : find_word(parameter->words, value, strlen(value));
        if (word < 0) {
            return false;
        }
        break;
    case KIND_LIST:
        if (!parse_list(words_of(options, parameter), parameter->words, value,
                        &bits)) {
            return false;
        }
        apply_include(options, bits);
        return true;
    }
    apply(options, id, number, word);
    return true;
}

bool options_set(struct request_options *options, const char *name,
                 const char *value, size_t detail_bytes, char *detail)
{
    for (int i = 0; i < N_PARAMETERS; i++) {
        if (strcmp(name, parameters[i].name) != 0 ||
            (options->is_detection && !parameters[i].is_for_detection)) {
            continue;
        }
        if ((options->seen & (1U << i)) != 0) {
            (void)snprintf(detail, detail_bytes, "%s is given twice.", name);
            return false;
        }
        options->seen |= 1U << i;
        if (!take(options, (enum parameter_id)i, value)) {
            refuse(options, (enum parameter_id)i, detail_bytes, detail);
            return false;
        }
        return true;
    }
    refuse_name(options, name, detail_bytes, detail);
    return false;
}
