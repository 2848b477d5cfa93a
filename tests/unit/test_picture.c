// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aha/picture.h"

#include "core/picture/font.h"
#include "core/picture/layout.h"
#include "core/picture/style.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { MAP = 4, GREY = 120, MAX_DEPTH = 16 };

/* An analysis of n equal faces in a row, with nothing but one hot cell. */
struct fake {
    struct aha_model_info info;
    struct aha_analysis analysis;
    float map[MAP * MAP];
    struct aha_face_result faces[AHA_MAX_FACES];
};

static void set_quad(float quad[4][2], const struct aha_box *box)
{
    const float corners[4][2] = {{box->x, box->y},
                                 {box->x + box->width, box->y},
                                 {box->x + box->width, box->y + box->height},
                                 {box->x, box->y + box->height}};

    memcpy(quad, corners, sizeof corners);
}

static void set_face(struct fake *fake, int i, struct aha_box box)
{
    static const float points[AHA_N_LANDMARKS][2] = {
        {0.7F, 0.4F}, {0.3F, 0.4F}, {0.5F, 0.6F}, {0.65F, 0.8F}, {0.35F, 0.8F}};
    struct aha_face_result *face = &fake->faces[i];

    *face = (struct aha_face_result){.face.box = box, .label = 1};
    face->probabilities[0] = 0.25F;
    face->probabilities[1] = 0.75F;
    for (int k = 0; k < AHA_N_LANDMARKS; k++) {
        face->face.landmarks[k].x = box.x + points[k][0] * box.width;
        face->face.landmarks[k].y = box.y + points[k][1] * box.height;
    }
    face->regions[0].weight = 0.9F;
    face->regions[1].weight = 0.1F;
    for (int k = 0; k < 2; k++) {
        face->regions[k].map = fake->map;
        set_quad(face->regions[k].quad, &box);
    }
}

static void set_up(struct fake *fake, int width, int height, int n_faces)
{
    *fake =
        (struct fake){.info = {.n_labels = 3,
                               .labels = {"calm", "glad", "wild"},
                               .n_regions = 2,
                               .regions = {{.name = "face",
                                            .branch = AHA_BRANCH_GLOBAL,
                                            .map_width = MAP,
                                            .map_height = MAP},
                                           {.name = "mouth",
                                            .branch = AHA_BRANCH_LOCAL,
                                            .map_width = MAP,
                                            .map_height = MAP}}},
                      .analysis = {.image = {.width = width, .height = height},
                                   .n_faces = n_faces}};
    fake->analysis.faces = fake->faces;
    fake->map[0] = 1.0F; /* the top left corner */
    for (int i = 0; i < n_faces; i++) {
        float side = (float)width / (float)n_faces / 2;

        set_face(fake, i,
                 (struct aha_box){(2 * (float)i + 0.5F) * side,
                                  (float)height / 2 - side / 2, side, side});
    }
}

static char *svg(const struct fake *fake, size_t *n)
{
    struct aha_error err = {AHA_OK, ""};
    char *text = NULL;

    ck_assert_msg(
        aha_picture_svg(&fake->analysis, &fake->info, &text, n, &err) == AHA_OK,
        "%s", err.text);
    ck_assert_uint_eq(strlen(text), *n);
    return text;
}

/* Every tag closed in order, every attribute quoted, nothing but ASCII. */
static void expect_well_formed(const char *text)
{
    char stack[MAX_DEPTH][16];
    int depth = 0;

    for (const char *at = text; *at != '\0'; at++) {
        ck_assert_int_ge(*at, '\n');
        ck_assert(*at != '&' || at[1] == '#');
        ck_assert(*at != '>');
        if (*at != '<') {
            continue;
        }
        const char *name = at[1] == '/' ? at + 2 : at + 1;
        int length = (int)strcspn(name, " >/");
        int n_quotes = 0;

        for (at = name; *at != '>'; at++) {
            ck_assert(*at != '\0' && *at != '<');
            n_quotes += *at == '"';
        }
        ck_assert_int_eq(n_quotes % 2, 0);
        if (name[-1] == '/') {
            ck_assert_int_gt(depth, 0);
            depth--;
            ck_assert_int_eq((int)strlen(stack[depth]), length);
            ck_assert_int_eq(strncmp(stack[depth], name, (size_t)length), 0);
        } else if (at[-1] != '/') {
            ck_assert_int_lt(depth, MAX_DEPTH);
            (void)snprintf(stack[depth], sizeof stack[depth], "%.*s", length,
                           name);
            depth++;
        }
    }
    ck_assert_int_eq(depth, 0);
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
        n++;
    }
    return n;
}

START_TEST(svg_stands_alone)
{
    static const char *const foreign[] = {"href",   "<script", "<image",
                                          "<style", "url(",    " on",
                                          "data:",  " style="};
    struct fake fake;
    size_t n;
    char *text;

    set_up(&fake, 640, 480, 2);
    text = svg(&fake, &n);
    expect_well_formed(text);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        ck_assert_msg(strstr(text, foreign[i]) == NULL, "%s", foreign[i]);
    }
    ck_assert_int_eq(count(text, "http"), 1); /* the name space */
    ck_assert_ptr_nonnull(strstr(text, "viewBox=\"0 0 640 480\""));
    ck_assert_ptr_nonnull(strstr(text, "role=\"img\""));
    ck_assert_ptr_nonnull(
        strstr(text, "<title>Facial expressions of 2 faces</title>"));
    ck_assert_ptr_nonnull(
        strstr(text, "Face 2: glad 75.0 %, decided most by face, 90.0 %."));
    free(text);
}
END_TEST

START_TEST(svg_says_everything)
{
    static const char *const texts[] = {
        "<title>calm 25.0 %</title>",  "<title>glad 75.0 %</title>",
        "<title>wild 0.0 %</title>",   "<title>face 90.0 %</title>",
        "<title>mouth 10.0 %</title>", "<title>left_eye</title>",
        "<title>mouth_right</title>",  ">glad 75 %</text>"};
    struct fake fake;
    size_t n;
    char *text;

    set_up(&fake, 640, 480, 1);
    text = svg(&fake, &n);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_msg(strstr(text, texts[i]) != NULL, "no %s", texts[i]);
    }
    /* The cells of the map lie on the quad, (160, 80) and 320 px wide. */
    ck_assert_ptr_nonnull(
        strstr(text, "matrix(10.00000 0.00000 0.00000 10.00000 160.00 80.00)"));
    free(text);
    fake.analysis.n_faces = 0;
    text = svg(&fake, &n);
    expect_well_formed(text);
    ck_assert_ptr_nonnull(strstr(text, "<desc>No face was found.</desc>"));
    free(text);
}
END_TEST

START_TEST(svg_escapes_names)
{
    struct fake fake;
    size_t n;
    char *text;

    set_up(&fake, 640, 480, 1);
    (void)snprintf(fake.info.labels[1], AHA_MAX_NAME, "%s",
                   "</text><a b=\"'&\x01\xff\xc3\xa9");
    (void)snprintf(fake.info.regions[0].name, AHA_MAX_NAME, "<script>");
    text = svg(&fake, &n);
    expect_well_formed(text);
    ck_assert_ptr_null(strstr(text, "<a "));
    ck_assert_ptr_null(strstr(text, "<script"));
    ck_assert_ptr_nonnull(
        strstr(text, "&#60;/text&#62;&#60;a b=&#34;&#39;&#38;??&#233;"));
    free(text);
}
END_TEST

START_TEST(svg_is_bounded)
{
    struct fake fake;
    size_t n;
    char *text;

    set_up(&fake, 6000, 4000, AHA_MAX_FACES);
    for (int k = 0; k < AHA_MAX_REGIONS; k++) {
        fake.info.regions[k] = fake.info.regions[0];
        for (int i = 0; i < AHA_MAX_FACES; i++) {
            fake.faces[i].regions[k] = fake.faces[i].regions[0];
        }
    }
    fake.info.n_regions = AHA_MAX_REGIONS;
    for (int i = 0; i < MAP * MAP; i++) {
        fake.map[i] = (float)(i * 5 % 16) / 16;
    }
    text = svg(&fake, &n);
    expect_well_formed(text);
    ck_assert_uint_lt(n, 3U << 20);
    free(text);
}
END_TEST

START_TEST(svg_without_memory)
{
    struct fake fake;
    unsigned long n_tries = 0;
    bool has_failed = true;

    set_up(&fake, 6000, 4000, AHA_MAX_FACES);
    while (has_failed) {
        char *text = NULL;
        size_t n = 7;
        enum aha_status status;

        (void)support_fail_allocation(++n_tries);
        status = aha_picture_svg(&fake.analysis, &fake.info, &text, &n, NULL);
        has_failed = support_fail_allocation(0); /* before Check allocates */
        ck_assert_int_eq(status, has_failed ? AHA_ERR_MEMORY : AHA_OK);
        ck_assert(has_failed == (text == NULL));
        ck_assert(has_failed == (n == 7));
        free(text);
    }
    ck_assert_uint_gt(n_tries, 2); /* the text has grown */
}
END_TEST

static void paint(const struct fake *fake, int width, int height,
                  struct aha_image *photo)
{
    ck_assert_int_eq(aha_image_init(photo, width, height, NULL), AHA_OK);
    memset(photo->rgb, GREY, 3 * (size_t)width * (size_t)height);
    ck_assert_int_eq(
        aha_picture_draw(photo, &fake->analysis, &fake->info, NULL), AHA_OK);
}

static const uint8_t *pixel(const struct aha_image *image, int x, int y)
{
    return image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
}

/* How much warmer than the photo. */
static int warmth(const uint8_t *rgb)
{
    return rgb[0] - rgb[2];
}

START_TEST(heat_is_where_the_network_looked)
{
    struct fake fake;
    struct aha_image photo;
    int decisive;
    int minor;

    set_up(&fake, 800, 800, 1); /* the face is 200 to 600, cells of 100 px */
    set_quad(fake.faces[0].regions[1].quad,
             &(struct aha_box){400, 400, 200, 200});
    paint(&fake, 800, 800, &photo);
    decisive = warmth(pixel(&photo, 255, 265));
    minor = warmth(pixel(&photo, 425, 425));
    ck_assert_int_gt(decisive, 60);
    ck_assert_int_gt(minor, 10);
    ck_assert_int_lt(2 * minor, decisive);
    ck_assert_int_eq(warmth(pixel(&photo, 500, 550)), 0); /* a cold cell */
    ck_assert_int_eq(warmth(pixel(&photo, 100, 700)), 0); /* no face */
    aha_image_fini(&photo);

    /* The same upside down: the corners turn, and the heat with them. */
    for (int k = 0; k < 2; k++) {
        const float quad[4][2] = {
            {600, 600}, {200, 600}, {200, 200}, {600, 200}};

        memcpy(fake.faces[0].regions[k].quad, quad, sizeof quad);
    }
    paint(&fake, 800, 800, &photo);
    ck_assert_int_eq(warmth(pixel(&photo, 255, 265)), 0);
    ck_assert_int_gt(warmth(pixel(&photo, 545, 535)), 60);
    aha_image_fini(&photo);
}
END_TEST

START_TEST(box_is_drawn_at_any_scale)
{
    static const int sides[] = {100, 400, 800, 1600};
    struct color color = style_label(1);
    struct fake fake;

    set_up(&fake, 800, 800, 1);
    fake.map[0] = 0;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct aha_image photo;
        const uint8_t *rgb;
        int at = sides[i] / 4; /* the box begins at 200 of 800 */
        int near = 255;

        paint(&fake, sides[i], sides[i], &photo);
        for (int x = at - 2; x < at + 2; x++) {
            rgb = pixel(&photo, x, sides[i] / 2);
            near = abs(rgb[2] - color.b) < near ? abs(rgb[2] - color.b) : near;
        }
        ck_assert_msg(near < 40, "side %d: off by %d", sides[i], near);
        rgb = pixel(&photo, at / 2, sides[i] / 2);
        ck_assert_int_eq(rgb[0], GREY);
        aha_image_fini(&photo);
    }
}
END_TEST

START_TEST(plates_stay_inside)
{
    static const int sides[][2] = {{16, 16},     {48, 300},    {350, 350},
                                   {1920, 1080}, {6000, 4000}, {9000, 40}};

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        for (int n = 1; n <= AHA_MAX_FACES; n = n * 3 + 1) {
            float w = (float)sides[i][0];
            float h = (float)sides[i][1];
            struct plate plates[AHA_MAX_FACES];
            struct aha_image photo;
            struct fake fake;

            set_up(&fake, sides[i][0], sides[i][1], n);
            set_face(&fake, 0,
                     (struct aha_box){w * 0.8F, 0, w * 0.2F, h * 0.3F});
            layout_plates(&fake.analysis, &fake.info, 0.5F, plates);
            for (int k = 0; k < n; k++) {
                const struct aha_box *box = &plates[k].box;

                ck_assert_msg(box->x >= 0 && box->y >= 0 &&
                                  box->x + box->width <= w * 1.0001F &&
                                  box->y + box->height <= h * 1.0001F,
                              "%d of %d in %.0f x %.0f: %.1f %.1f %.1f %.1f", k,
                              n, (double)w, (double)h, (double)box->x,
                              (double)box->y, (double)box->width,
                              (double)box->height);
            }
            if (sides[i][0] < 1000) {
                paint(&fake, sides[i][0], sides[i][1], &photo);
                aha_image_fini(&photo);
            }
        }
    }
}
END_TEST

static bool overlaps(const struct aha_box *a, const struct aha_box *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width &&
           a->y < b->y + b->height && b->y < a->y + a->height;
}

START_TEST(plates_leave_faces_in_sight)
{
    struct plate plates[AHA_MAX_FACES];
    struct fake fake;

    set_up(&fake, 2000, 1200, 4);
    layout_plates(&fake.analysis, &fake.info, 1, plates);
    for (int i = 0; i < 4; i++) {
        ck_assert(plates[i].is_full);
        ck_assert_str_eq(plates[i].headline, "glad 75 %");
        for (int k = 0; k < 4; k++) {
            ck_assert(!overlaps(&plates[i].box, &fake.faces[k].face.box));
            ck_assert(k == i || !overlaps(&plates[i].box, &plates[k].box));
        }
    }
    set_up(&fake, 2000, 1200, 40);
    fake.faces[2].uncertain = true;
    layout_plates(&fake.analysis, &fake.info, 1, plates);
    ck_assert(!plates[0].is_full); /* a crowd has small ones */
    ck_assert_str_eq(plates[2].headline, "glad? 75 %");
}
END_TEST

START_TEST(what_is_no_number_is_not_painted)
{
    struct aha_image photo;
    struct fake fake;

    set_up(&fake, 200, 200, 1);
    fake.faces[0].face.landmarks[0].x = NAN;
    fake.faces[0].regions[0].quad[0][0] = INFINITY;
    fake.faces[0].regions[1].quad[1][1] = NAN;
    fake.faces[0].face.box.width = 1e30F;
    paint(&fake, 200, 200, &photo);
    aha_image_fini(&photo);
    ck_assert_int_eq(aha_picture_draw(&photo, &fake.analysis, &fake.info, NULL),
                     AHA_ERR_ARG); /* there is none any more */
}
END_TEST

static void expect_made(struct fake *fake, const char *name, int max_side,
                        int width, int height)
{
    struct aha_error err = {AHA_OK, ""};
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes = support_read(support_data(name, path), &n);

    ck_assert_int_eq(aha_image_probe(bytes, n, 2000000, AHA_FORMATS_ALL,
                                     &fake->analysis.image, &err),
                     AHA_OK);
    for (int i = 0; i < AHA_N_PICTURE_FORMATS; i++) {
        enum aha_picture_format format = (enum aha_picture_format)i;
        struct aha_image_info info;
        void *made = NULL;
        size_t n_made = 0;

        ck_assert_msg(aha_picture_make(format == AHA_PICTURE_SVG ? NULL : bytes,
                                       n, &fake->analysis, &fake->info, format,
                                       max_side, &made, &n_made,
                                       &err) == AHA_OK,
                      "%s", err.text);
        if (format == AHA_PICTURE_SVG) {
            expect_well_formed(made);
        } else {
            ck_assert_int_eq(aha_image_probe(made, n_made, 2000000,
                                             AHA_FORMATS_DEFAULT, &info, &err),
                             AHA_OK);
            ck_assert_str_eq(aha_image_format_name(info.format),
                             aha_picture_format_name(format));
            ck_assert_int_eq(info.width, width);
            ck_assert_int_eq(info.height, height);
        }
        free(made);
    }
    free(bytes);
}

START_TEST(pictures_have_a_readable_size)
{
    struct fake fake;
    void *made = NULL;
    size_t n = 0;

    set_up(&fake, 512, 512, 1);
    expect_made(&fake, "astronaut.jpg", 600, 512, 512);
    expect_made(&fake, "astronaut.jpg", 2048, 1024, 1024);
    expect_made(&fake, "astronaut.jpg", 300, 256, 256);
    expect_made(&fake, "rgb.png", 2048, 48 * 14, 32 * 14);
    expect_made(&fake, "orientation_6.jpg", 100, 96, 64);
    ck_assert_int_eq(aha_picture_make("no", 2, &fake.analysis, &fake.info,
                                      AHA_PICTURE_PNG, 100, &made, &n, NULL),
                     AHA_ERR_DECODE);
    ck_assert_ptr_null(made);
}
END_TEST

/* Source: WCAG 2.1, relative luminance and contrast ratio. */
static double luminance(const double rgb[3])
{
    double linear[3];

    for (int i = 0; i < 3; i++) {
        double v = rgb[i] / 255;

        linear[i] = v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

static double contrast_on_plate(struct color ink, double photo)
{
    double a = (double)STYLE_PLATE_OPACITY;
    const double over[3] = {ink.r, ink.g, ink.b};
    const double under[3] = {a * STYLE_PLATE.r + (1 - a) * photo,
                             a * STYLE_PLATE.g + (1 - a) * photo,
                             a * STYLE_PLATE.b + (1 - a) * photo};

    return (luminance(over) + 0.05) / (luminance(under) + 0.05);
}

START_TEST(texts_can_be_read_on_any_photo)
{
    for (int i = 0; i < AHA_MAX_LABELS; i++) {
        ck_assert_msg(contrast_on_plate(style_label(i), 255) >= 4.5,
                      "label %d: %.2f", i,
                      contrast_on_plate(style_label(i), 255));
    }
    ck_assert(contrast_on_plate(STYLE_INK, 255) >= 7);
    ck_assert(contrast_on_plate(STYLE_DIM_INK, 255) >= 4.5);
}
END_TEST

START_TEST(characters_are_read_one_by_one)
{
    static const struct {
        const char *text;
        unsigned codes[4];
    } cases[] = {
        {"aZ~", {'a', 'Z', '~', 0}},
        {"", {0}},
        {"\xc3\xa9x", {0xe9, 'x', 0}},
        {"\xe2\x82\xac", {0x20ac, 0}},
        {"\xf0\x9f\x98\x80", {0x1f600, 0}},
        {"\x01\x7f", {'?', '?', 0}},
        {"\xc3", {'?', 0}},
        {"\xe2\x82", {'?', '?', 0}},
        {"\xc0\xaf", {'?', '?', 0}},          /* longer than need be */
        {"\xed\xa0\x80", {'?', '?', '?', 0}}, /* a surrogate */
        {"\xc2\x85", {'?', '?', 0}},          /* a control character */
        {"\xf5x", {'?', 'x', 0}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].text;

        for (int k = 0; k < 4 && (k == 0 || cases[i].codes[k - 1] != 0); k++) {
            ck_assert_msg(font_read(&at) == cases[i].codes[k],
                          "case %zu, character %d", i, k);
        }
    }
    ck_assert_ptr_eq(font_glyph(0x20ac), font_glyph('?'));
    ck_assert(font_width("ab", 20) ==
              font_width("a", 20) + font_width("b", 20));
    ck_assert(font_width("i", 20) < font_width("m", 20));
    for (unsigned c = FONT_FIRST; c < FONT_FIRST + FONT_GLYPHS; c++) {
        const struct font_glyph *glyph = font_glyph(c);

        ck_assert_uint_eq(strlen(glyph->coverage),
                          (size_t)(glyph->width * glyph->height));
        ck_assert_uint_eq(strspn(glyph->coverage, "0123456789abcdef"),
                          strlen(glyph->coverage));
    }
}
END_TEST

Suite *picture_suite(void)
{
    Suite *suite = suite_create("picture");
    TCase *tests = tcase_create("picture");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, svg_stands_alone);
    tcase_add_test(tests, svg_says_everything);
    tcase_add_test(tests, svg_escapes_names);
    tcase_add_test(tests, svg_is_bounded);
    tcase_add_test(tests, svg_without_memory);
    tcase_add_test(tests, heat_is_where_the_network_looked);
    tcase_add_test(tests, box_is_drawn_at_any_scale);
    tcase_add_test(tests, plates_stay_inside);
    tcase_add_test(tests, plates_leave_faces_in_sight);
    tcase_add_test(tests, what_is_no_number_is_not_painted);
    tcase_add_test(tests, pictures_have_a_readable_size);
    tcase_add_test(tests, texts_can_be_read_on_any_photo);
    tcase_add_test(tests, characters_are_read_one_by_one);
    suite_add_tcase(suite, tests);
    return suite;
}
