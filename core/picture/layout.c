// SPDX-License-Identifier: MIT
#include "core/picture/layout.h"

#include <math.h>
#include <stdio.h>

#include "core/picture/font.h"

enum { MOST_FULL = 12 }; /* full plates in a picture */

static const float LEAST_TEXT = 11.0F;  /* px of the picture */
static const float SMALLEST = 0.0091F;  /* of the photo's longer side */
static const float LARGEST = 0.0286F;   /* of the photo's longer side */
static const float OF_FACE = 0.085F;    /* of the face's longer side */
static const float CROWDED = 0.17F;     /* of the face: no room for bars */
static const float BAR_WIDTH = 4.2F;    /* text sizes */
static const float MOST_WIDTH = 0.62F;  /* of the photo, a full plate */
static const float MOST_HEIGHT = 0.75F; /* of the photo, a full plate */

/* What it costs to cover a square pixel of: */
static const float COST_PLATE = 8.0F;
static const float COST_OTHER_FACE = 6.0F;
static const float COST_FEATURES = 4.0F; /* eyes, nose, mouth of its face */
static const float COST_OWN_FACE = 1.0F;
static const float TOLERATED = 0.8F;   /* of a full plate of the only face */
static const float COST_ASTRAY = 5.0F; /* of its own, nearer another face */
static const float COST_LATER = 0.02F; /* of its area, per place passed over */

/* Everything the search needs at hand. */
struct search {
    const struct aha_analysis *analysis;
    const struct plate *plates; /* of the faces before */
    int face;
    float width; /* of the photo */
    float height;
};

static float overlap(const struct aha_box *a, const struct aha_box *b)
{
    float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);

    return fmaxf(w, 0) * fmaxf(h, 0);
}

/* The part of the face that must stay in sight. */
static struct aha_box features(const struct aha_face *face)
{
    float x0 = face->landmarks[0].x;
    float y0 = face->landmarks[0].y;
    float x1 = x0;
    float y1 = y0;
    float margin = 0.12F * fmaxf(face->box.width, face->box.height);

    for (int i = 1; i < AHA_N_LANDMARKS; i++) {
        x0 = fminf(x0, face->landmarks[i].x);
        y0 = fminf(y0, face->landmarks[i].y);
        x1 = fmaxf(x1, face->landmarks[i].x);
        y1 = fmaxf(y1, face->landmarks[i].y);
    }
    return (struct aha_box){x0 - margin, y0 - margin, x1 - x0 + 2 * margin,
                            y1 - y0 + 2 * margin};
}

/* From a point to the nearest of a box, squared. */
static float distance(struct aha_point from, const struct aha_box *box)
{
    float x = fmaxf(fmaxf(box->x - from.x, from.x - box->x - box->width), 0);
    float y = fmaxf(fmaxf(box->y - from.y, from.y - box->y - box->height), 0);

    return x * x + y * y;
}

/* Whether one would take the plate for another face's. */
static bool is_astray(const struct search *search, const struct aha_box *box)
{
    const struct aha_face_result *faces = search->analysis->faces;
    struct aha_point middle = {box->x + box->width / 2,
                               box->y + box->height / 2};
    float own = distance(middle, &faces[search->face].face.box);

    for (int i = 0; i < search->analysis->n_faces; i++) {
        if (i != search->face && distance(middle, &faces[i].face.box) < own) {
            return true;
        }
    }
    return false;
}

/* What would be lost of sight that should not be. */
static float cost_to_sight(const struct search *search,
                           const struct aha_box *box)
{
    struct aha_box middle =
        features(&search->analysis->faces[search->face].face);
    float cost = COST_FEATURES * overlap(box, &middle);

    for (int i = 0; i < search->analysis->n_faces; i++) {
        if (i != search->face) {
            cost += COST_OTHER_FACE *
                    overlap(box, &search->analysis->faces[i].face.box);
        }
    }
    for (int i = 0; i < search->face; i++) {
        cost += COST_PLATE * overlap(box, &search->plates[i].box);
    }
    return cost;
}

static float inside(float at, float size, float limit)
{
    return fmaxf(fminf(at, limit - size), 0);
}

/*
 * Move the box to the cheapest of the places around the face, in it and in the
 * photo's corners; the first are the nearest to what is usual.
 *
 * @return what it costs there, but for the own face's outer parts
 */
static float settle(const struct search *search, float gap, struct aha_box *box)
{
    const struct aha_box *face =
        &search->analysis->faces[search->face].face.box;
    float w = box->width;
    float h = box->height;
    float left = face->x;
    float right = face->x + face->width;
    float top = face->y;
    float bottom = face->y + face->height;
    const struct aha_point places[] = {
        {left, top - gap - h},
        {right + gap, top},
        {left - gap - w, top},
        {left, bottom + gap},
        {right - w, top - gap - h},
        {right - w, bottom + gap},
        {right + gap, bottom - h},
        {left - gap - w, bottom - h},
        {left, top},
        {right - w, top},
        {left, bottom - h},
        {right - w, bottom - h},
        {0, 0},
        {search->width, 0},
        {0, search->height},
        {search->width, search->height},
    };
    int n = (int)(sizeof places / sizeof *places);
    float least = INFINITY;
    float least_to_sight = 0;

    for (int i = 0; i < n; i++) {
        struct aha_box here = {inside(places[i].x, w, search->width),
                               inside(places[i].y, h, search->height), w, h};
        float to_sight = cost_to_sight(search, &here) +
                         (is_astray(search, &here) ? COST_ASTRAY * w * h : 0);
        float cost = to_sight + COST_OWN_FACE * overlap(&here, face) +
                     COST_LATER * (float)i * w * h;

        if (cost < least) {
            least = cost;
            least_to_sight = to_sight;
            *box = here;
        }
    }
    return least_to_sight;
}

static void measure_full(const struct aha_model_info *info, struct plate *plate)
{
    float s = plate->size;
    float row;

    plate->is_full = true;
    plate->names = 0;
    for (int i = 0; i < info->n_labels; i++) {
        plate->names =
            fmaxf(plate->names, font_width(info->labels[i], LAYOUT_SMALL * s));
    }
    plate->percents = font_width("100 %", LAYOUT_SMALL * s);
    row = plate->names + plate->percents + (2 * LAYOUT_GAP + BAR_WIDTH) * s;
    plate->box.width =
        fmaxf(row, font_width(plate->headline, s)) + 2 * LAYOUT_PAD * s;
    plate->box.height =
        (2 * LAYOUT_PAD + LAYOUT_HEAD + LAYOUT_ROW * (float)info->n_labels) * s;
}

/* A small plate is made to fit, however small the photo. */
static void measure_small(const struct search *search, struct plate *plate)
{
    float width = font_width(plate->headline, 1) + 2 * LAYOUT_PAD;
    float height = 2 * LAYOUT_PAD + LAYOUT_HEAD + LAYOUT_BAR;

    plate->is_full = false;
    plate->names = 0;
    plate->percents = 0;
    plate->size = fminf(plate->size,
                        fminf(search->width / width, search->height / height));
    plate->box.width = width * plate->size;
    plate->box.height = height * plate->size;
}

static void find_place(const struct search *search,
                       const struct aha_model_info *info, float size,
                       bool may_be_full, struct plate *plate)
{
    plate->size = size;
    measure_full(info, plate);
    if (may_be_full && plate->box.width <= MOST_WIDTH * search->width &&
        plate->box.height <= MOST_HEIGHT * search->height &&
        settle(search, LAYOUT_GAP * size, &plate->box) <=
            (search->analysis->n_faces == 1 ? TOLERATED : 0) *
                plate->box.width * plate->box.height) {
        return;
    }
    measure_small(search, plate);
    (void)settle(search, LAYOUT_GAP * plate->size / 2, &plate->box);
}

float layout_size(const struct aha_image_info *photo, float scale)
{
    float longer = fmaxf((float)photo->width, (float)photo->height);

    return fmaxf(LEAST_TEXT / scale, SMALLEST * longer);
}

void layout_plates(const struct aha_analysis *analysis,
                   const struct aha_model_info *info, float scale,
                   struct plate plates[AHA_MAX_FACES])
{
    struct search search = {.analysis = analysis,
                            .plates = plates,
                            .width = (float)analysis->image.width,
                            .height = (float)analysis->image.height};
    float least = layout_size(&analysis->image, scale);
    float most = fmaxf(least, LARGEST * fmaxf(search.width, search.height));

    for (int i = 0; i < analysis->n_faces; i++) {
        const struct aha_face_result *result = &analysis->faces[i];
        const struct aha_box *box = &result->face.box;
        float face = fmaxf(box->width, box->height);
        float size = fminf(fmaxf(OF_FACE * face, least), most);

        (void)snprintf(plates[i].headline, LAYOUT_HEADLINE, "%s%s %.0f %%",
                       info->labels[result->label],
                       result->uncertain ? "?" : "",
                       100 * (double)result->probabilities[result->label]);
        search.face = i;
        find_place(&search, info, size,
                   analysis->n_faces == 1 || (analysis->n_faces <= MOST_FULL &&
                                              size <= CROWDED * face),
                   &plates[i]);
    }
}
