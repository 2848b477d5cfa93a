// SPDX-License-Identifier: MIT
/*
 * The network finds faces of some 16 to 128 px and is surest from 48 to 96, so
 * the photo is looked at in several sizes, each about twice the last, and only
 * the smallest size may answer with larger faces than that. Large sizes are cut
 * into tiles that overlap by such a face, which bounds the memory.
 */
#include "core/vision/detect.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "core/graph/graph.h"
#include "core/vision/align.h"
#include "core/weights.h"

enum {
    BASE_SIDE = 96,    /* px, longer side of the photo at the lowest level */
    MAX_SIDE = 1280,   /* px, at the highest */
    MARGIN = 16,       /* px of black around the photo, at least */
    MULTIPLE = 32,     /* what the network's strides divide */
    TILE = 704,        /* px, a multiple of MULTIPLE */
    OVERLAP = 96,      /* px shared by neighbouring tiles */
    STRIDE = 4,        /* px a cell of the output */
    BOX_CHANNELS = 16, /* cx, cy, w, h and six points */
    MAX_CANDIDATES = 4096,
};

static const float SMALLEST_SEEN = 16; /* px of a level */
static const float LARGEST_SEEN = 96;  /* px of a level but the lowest */
static const float SLACK = 0.1F; /* doublings: no level for so little more */
static const float SAME_FACE_IOU = 0.3F;
static const float PART_OF_FACE = 0.7F; /* share of the smaller box covered */

struct detector {
    struct graph *graph;
    int scores;
    int boxes;
};

struct candidate {
    struct detection found; /* in px of the image */
    int level;
    bool is_used;
};

struct detector_session {
    const struct detector *detector;
    struct graph_plan *plan;
    float *workspace;
    float *outputs; /* of a tile: scores and boxes */
    struct candidate *candidates;
    int n;
};

/* The photo at one size, in the middle of a black canvas. */
struct level {
    int index;
    float scale; /* image px per canvas px */
    int width;
    int height;
    float left; /* of the photo on the canvas */
    float top;
};

static enum aha_status find_outputs(struct detector *detector,
                                    struct aha_error *err)
{
    detector->scores = graph_output(detector->graph, "scores");
    detector->boxes = graph_output(detector->graph, "boxes");
    if (detector->scores < 0 || detector->boxes < 0 ||
        graph_input(detector->graph).c != 3) {
        return aha_error_set(err, AHA_ERR_WEIGHTS,
                             "a detector takes 3 planes and has outputs "
                             "\"scores\" and \"boxes\"");
    }
    return AHA_OK;
}

/* The decoding relies on one cell every STRIDE px. */
static enum aha_status check_outputs(const struct detector *detector,
                                     struct aha_error *err)
{
    struct graph_plan *plan = NULL;
    enum aha_status status = graph_plan_create(&plan, detector->graph, 1);

    if (status == AHA_OK) {
        status = graph_plan_resize(plan, TILE, TILE);
    }
    if (status == AHA_OK) {
        struct graph_shape scores = graph_plan_shape(plan, detector->scores);
        struct graph_shape boxes = graph_plan_shape(plan, detector->boxes);

        if (scores.c != 1 || scores.h != TILE / STRIDE ||
            scores.w != TILE / STRIDE || boxes.c != BOX_CHANNELS ||
            boxes.h != scores.h || boxes.w != scores.w) {
            status = AHA_ERR_ARG;
        }
    }
    graph_plan_destroy(plan);
    return status == AHA_OK
               ? status
               : aha_error_set(err, AHA_ERR_WEIGHTS,
                               "the outputs are not one cell every %d px",
                               STRIDE);
}

enum aha_status detector_create(struct detector **out, const char *path,
                                struct aha_error *err)
{
    struct detector *detector = alloc_array(1, sizeof *detector);
    enum aha_status status;

    if (detector == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    status = graph_open(&detector->graph, path, "detector", err);
    if (status == AHA_OK) {
        status = find_outputs(detector, err);
        if (status == AHA_OK) {
            status = check_outputs(detector, err);
        }
        if (status != AHA_OK) {
            status = weights_blame(err, status, path);
        }
    }
    if (status != AHA_OK) {
        detector_destroy(detector);
        return status;
    }
    *out = detector;
    return AHA_OK;
}

void detector_destroy(struct detector *detector)
{
    if (detector != NULL) {
        graph_destroy(detector->graph);
        free(detector);
    }
}

enum aha_status detector_session_create(struct detector_session **out,
                                        const struct detector *detector)
{
    struct detector_session *session = alloc_array(1, sizeof *session);
    enum aha_status status;

    if (session == NULL) {
        return AHA_ERR_MEMORY;
    }
    session->detector = detector;
    session->candidates =
        alloc_array(MAX_CANDIDATES, sizeof *session->candidates);
    status = graph_plan_create(&session->plan, detector->graph, 1);
    if (status == AHA_OK) {
        /* No tile is larger, so no photo needs more. */
        status = graph_plan_resize(session->plan, TILE, TILE);
    }
    if (status == AHA_OK) {
        session->workspace = alloc_floats(graph_plan_floats(session->plan));
    }
    session->outputs = alloc_floats((size_t)(1 + BOX_CHANNELS) *
                                    (TILE / STRIDE) * (TILE / STRIDE));
    if (session->workspace == NULL || session->outputs == NULL ||
        session->candidates == NULL) {
        detector_session_destroy(session);
        return AHA_ERR_MEMORY;
    }
    *out = session;
    return AHA_OK;
}

void detector_session_destroy(struct detector_session *session)
{
    if (session != NULL) {
        graph_plan_destroy(session->plan);
        free(session->workspace);
        free(session->outputs);
        free(session->candidates);
        free(session);
    }
}

static float sigmoid(float v)
{
    return 1.0F / (1.0F + expf(-fminf(fmaxf(v, -100), 100)));
}

/* One cell of a tile at (x0, y0) of the level's canvas. */
static void take_cell(struct detector_session *session,
                      const struct level *level, const float *box, size_t plane,
                      float x, float y, float confidence)
{
    struct candidate *candidate = &session->candidates[session->n];
    struct detection *found = &candidate->found;
    float width = box[2 * plane];
    float height = box[3 * plane];
    float s = level->scale;

    x -= level->left;
    y -= level->top;
    if (!(width > 1 && height > 1) || session->n == MAX_CANDIDATES ||
        (level->index > 0 && fmaxf(width, height) > LARGEST_SEEN)) {
        return;
    }
    found->confidence = confidence;
    found->box.x = (x + box[0] - width / 2) * s;
    found->box.y = (y + box[plane] - height / 2) * s;
    found->box.width = width * s;
    found->box.height = height * s;
    found->right_eye.x = (x + box[4 * plane]) * s;
    found->right_eye.y = (y + box[5 * plane]) * s;
    found->left_eye.x = (x + box[6 * plane]) * s;
    found->left_eye.y = (y + box[7 * plane]) * s;
    candidate->level = level->index;
    candidate->is_used = false;
    session->n++;
}

static void run_tile(struct detector_session *session,
                     const struct aha_image *image, const struct level *level,
                     float threshold, int x0, int y0, int width, int height)
{
    const struct detector *detector = session->detector;
    struct affine map = {
        .a = level->scale,
        .tx = ((float)x0 - level->left) * level->scale,
        .d = level->scale,
        .ty = ((float)y0 - level->top) * level->scale,
    };
    int cells_w = width / STRIDE;
    int cells_h = height / STRIDE;
    size_t plane = (size_t)cells_w * (size_t)cells_h;
    float *scores = session->outputs;
    float *boxes = scores + plane;

    if (graph_plan_resize(session->plan, height, width) != AHA_OK) {
        return; /* cannot be: it is no larger than a full tile */
    }
    align_warp_rgb(image, &map, width, height, ALIGN_BORDER_ZERO, 1 / 127.5F,
                   -1, graph_plan_input(session->plan, session->workspace, 0));
    graph_run(session->plan, session->workspace, 1);
    graph_plan_read(session->plan, session->workspace, 0, detector->scores,
                    scores);
    graph_plan_read(session->plan, session->workspace, 0, detector->boxes,
                    boxes);
    for (int r = 0; r < cells_h; r++) {
        for (int c = 0; c < cells_w; c++) {
            size_t at = (size_t)r * (size_t)cells_w + (size_t)c;
            float confidence = sigmoid(scores[at]);

            if (confidence >= threshold) {
                take_cell(session, level, boxes + at, plane,
                          (float)x0 + ((float)c + 0.5F) * STRIDE,
                          (float)y0 + ((float)r + 0.5F) * STRIDE, confidence);
            }
        }
    }
}

/* Equal tiles along an axis of `side` px, each with its neighbour's edge. */
struct tiling {
    int n;
    int side;
};

static struct tiling tile_axis(int side)
{
    struct tiling tiling = {1, side};

    if (side > TILE) {
        tiling.n = (side - OVERLAP + TILE - OVERLAP - 1) / (TILE - OVERLAP);
        tiling.side = (side + (tiling.n - 1) * OVERLAP) / tiling.n;
        tiling.side = (tiling.side + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
    }
    return tiling;
}

static int tile_start(const struct tiling *tiling, int side, int i)
{
    return i == 0 ? 0 : (side - tiling->side) * i / (tiling->n - 1);
}

static void run_level(struct detector_session *session,
                      const struct aha_image *image, const struct level *level,
                      float threshold)
{
    struct tiling x = tile_axis(level->width);
    struct tiling y = tile_axis(level->height);

    for (int j = 0; j < y.n; j++) {
        for (int i = 0; i < x.n; i++) {
            run_tile(session, image, level, threshold,
                     tile_start(&x, level->width, i),
                     tile_start(&y, level->height, j), x.side, y.side);
        }
    }
}

static int canvas_side(float photo_side)
{
    int side = (int)ceilf(photo_side) + 2 * MARGIN;

    return (side + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

static struct level make_level(const struct aha_image *image, int index,
                               float side)
{
    int longer = image->width > image->height ? image->width : image->height;
    struct level level = {.index = index, .scale = (float)longer / side};
    float width = (float)image->width / level.scale;
    float height = (float)image->height / level.scale;

    level.width = canvas_side(width);
    level.height = canvas_side(height);
    level.left = ((float)level.width - width) / 2;
    level.top = ((float)level.height - height) / 2;
    return level;
}

static float area(const struct aha_box *box)
{
    return box->width * box->height;
}

static float shared_area(const struct aha_box *a, const struct aha_box *b)
{
    float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);

    return fmaxf(w, 0) * fmaxf(h, 0);
}

static bool is_same_face(const struct aha_box *a, const struct aha_box *b)
{
    float both = shared_area(a, b);

    return both > SAME_FACE_IOU * (area(a) + area(b) - both) ||
           both > PART_OF_FACE * fminf(area(a), area(b));
}

static int by_confidence(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    float x = a->found.confidence;
    float y = b->found.confidence;

    if (x == y) { /* any order will do as long as it is always the same */
        x = b->found.box.x + b->found.box.y * 3;
        y = a->found.box.x + a->found.box.y * 3;
    }
    return (x < y) - (x > y);
}

static int by_area(const void *left, const void *right)
{
    float a = area(&((const struct detection *)left)->box);
    float b = area(&((const struct detection *)right)->box);

    return (a < b) - (a > b);
}

/* sum += weight * v, member by member. */
static void accumulate(struct detection *sum, const struct detection *v,
                       float weight)
{
    sum->box.x += weight * v->box.x;
    sum->box.y += weight * v->box.y;
    sum->box.width += weight * v->box.width;
    sum->box.height += weight * v->box.height;
    sum->left_eye.x += weight * v->left_eye.x;
    sum->left_eye.y += weight * v->left_eye.y;
    sum->right_eye.x += weight * v->right_eye.x;
    sum->right_eye.y += weight * v->right_eye.y;
}

/*
 * The surest candidate stands for its face: its box and points are averaged,
 * by confidence, with its neighbours on the same level, and all that overlap
 * it on any level are done with.
 */
static struct detection merge(struct detector_session *session, int best)
{
    const struct candidate *top = &session->candidates[best];
    struct detection sum = {.confidence = top->found.confidence};
    struct detection mean = {.confidence = top->found.confidence};
    float total = 0;

    for (int i = best; i < session->n; i++) {
        struct candidate *other = &session->candidates[i];

        if (other->is_used ||
            !is_same_face(&top->found.box, &other->found.box)) {
            continue;
        }
        other->is_used = true;
        if (other->level == top->level) {
            accumulate(&sum, &other->found, other->found.confidence);
            total += other->found.confidence;
        }
    }
    accumulate(&mean, &sum, 1 / total);
    return mean;
}

/* How often the longer side grows, from BASE_SIDE up to `last`. */
static int count_steps(float last)
{
    float doublings = log2f(last / BASE_SIDE) - SLACK;

    return doublings > 0 ? (int)ceilf(doublings) : 0;
}

int detector_run(struct detector_session *session,
                 const struct aha_image *image, float threshold,
                 float min_face_size, struct detection *out)
{
    int longer = image->width > image->height ? image->width : image->height;
    float last = fminf((float)longer * SMALLEST_SEEN / fmaxf(min_face_size, 1),
                       MAX_SIDE);
    int steps = count_steps(last);
    int n = 0;

    session->n = 0;
    for (int i = 0; i <= steps; i++) {
        float share = steps == 0 ? 0.0F : (float)i / (float)steps;
        struct level level =
            make_level(image, i, BASE_SIDE * powf(last / BASE_SIDE, share));

        run_level(session, image, &level, threshold);
    }
    qsort(session->candidates, (size_t)session->n, sizeof *session->candidates,
          by_confidence);
    for (int i = 0; i < session->n && n < DETECT_MAX; i++) {
        if (!session->candidates[i].is_used) {
            out[n++] = merge(session, i);
        }
    }
    qsort(out, (size_t)n, sizeof *out, by_area);
    return n;
}
