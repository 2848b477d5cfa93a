// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vips/vips.h>

#include "aha/image.h"

#include "core/vision/format.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum { WIDTH = 48, HEIGHT = 32, MAX_PIXELS = 50000000 };

typedef int colour[3];

/* The quarters of make_images.py's pattern. */
static const colour plain[4] = {
    {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};
static const colour greys[4] = {
    {0, 0, 0}, {85, 85, 85}, {170, 170, 170}, {255, 255, 255}};
static const colour flattened[4] = {
    {255, 0, 0}, {255, 255, 255}, {0, 0, 255}, {255, 255, 255}};
/* Inks, through the usual press profile. */
static const colour inks[4] = {
    {237, 28, 36}, {0, 142, 65}, {46, 49, 146}, {255, 255, 255}};
static const colour swapped[4] = {
    {0, 255, 0}, {255, 0, 0}, {0, 0, 255}, {255, 255, 255}};

static void decode(const char *name, int shrink, struct aha_image_info *info,
                   struct aha_image *image)
{
    struct aha_error err = {AHA_OK, ""};
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes = support_read(support_data(name, path), &n);

    ck_assert_msg(aha_image_probe(bytes, n, MAX_PIXELS, AHA_FORMATS_ALL, info,
                                  &err) == AHA_OK,
                  "%s: %s", name, err.text);
    ck_assert_msg(aha_image_decode(bytes, n, info, shrink, image, &err) ==
                      AHA_OK,
                  "%s: %s", name, err.text);
    free(bytes);
}

static void expect_quarter(const char *name, const struct aha_image *image,
                           int quarter, const int *wanted, int tolerance)
{
    int x = image->width * (quarter % 2 == 0 ? 1 : 3) / 4;
    int y = image->height * (quarter < 2 ? 1 : 3) / 4;
    const uint8_t *pixel =
        image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);

    for (int c = 0; c < 3; c++) {
        ck_assert_msg(abs(pixel[c] - wanted[c]) <= tolerance,
                      "%s: quarter %d is %d %d %d", name, quarter, pixel[0],
                      pixel[1], pixel[2]);
    }
}

START_TEST(everything_becomes_upright_srgb)
{
    static const struct {
        const char *name;
        enum aha_image_format format;
        int orientation;
        const colour *quarters;
        int tolerance;
    } cases[] = {
        {"rgb.png", AHA_IMAGE_PNG, 1, plain, 0},
        {"rgb16.png", AHA_IMAGE_PNG, 1, plain, 0},
        {"palette.png", AHA_IMAGE_PNG, 1, plain, 0},
        {"alpha.png", AHA_IMAGE_PNG, 1, flattened, 0},
        {"alpha.webp", AHA_IMAGE_WEBP, 1, flattened, 12},
        {"lossy.webp", AHA_IMAGE_WEBP, 1, plain, 12},
        {"animated.webp", AHA_IMAGE_WEBP, 1, plain, 12},
        {"orientation_6.webp", AHA_IMAGE_WEBP, 6, plain, 0},
        {"grey.jpg", AHA_IMAGE_JPEG, 1, greys, 4},
        {"progressive.jpg", AHA_IMAGE_JPEG, 1, plain, 6},
        {"cmyk.jpg", AHA_IMAGE_JPEG, 1, inks, 30},
        {"profile.jpg", AHA_IMAGE_JPEG, 1, swapped, 30},
        {"profile_broken.jpg", AHA_IMAGE_JPEG, 1, plain, 6},
        {"orientation_1.jpg", AHA_IMAGE_JPEG, 1, plain, 6},
        {"orientation_2.jpg", AHA_IMAGE_JPEG, 2, plain, 6},
        {"orientation_3.jpg", AHA_IMAGE_JPEG, 3, plain, 6},
        {"orientation_4.jpg", AHA_IMAGE_JPEG, 4, plain, 6},
        {"orientation_5.jpg", AHA_IMAGE_JPEG, 5, plain, 6},
        {"orientation_6.jpg", AHA_IMAGE_JPEG, 6, plain, 6},
        {"orientation_7.jpg", AHA_IMAGE_JPEG, 7, plain, 6},
        {"orientation_8.jpg", AHA_IMAGE_JPEG, 8, plain, 6},
        {"plain.gif", AHA_IMAGE_GIF, 1, plain, 0},
        {"animated.gif", AHA_IMAGE_GIF, 1, plain, 0},
        {"clear.gif", AHA_IMAGE_GIF, 1, flattened, 0},
        {"pages.tiff", AHA_IMAGE_TIFF, 1, plain, 0},
        {"rgb16.tiff", AHA_IMAGE_TIFF, 1, plain, 0},
        {"grey.tiff", AHA_IMAGE_TIFF, 1, greys, 0},
        {"alpha.tiff", AHA_IMAGE_TIFF, 1, flattened, 0},
        {"orientation_6.tiff", AHA_IMAGE_TIFF, 6, plain, 0},
        {"plain.heic", AHA_IMAGE_HEIF, 1, plain, 1},
        {"deep.heic", AHA_IMAGE_HEIF, 1, plain, 6},
        {"turned.heic", AHA_IMAGE_HEIF, 1, plain, 6},
        {"plain.avif", AHA_IMAGE_AVIF, 1, plain, 1},
        {"alpha.avif", AHA_IMAGE_AVIF, 1, flattened, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aha_image_info info;
        struct aha_image image;

        decode(cases[i].name, 1, &info, &image);
        ck_assert_int_eq(info.format, cases[i].format);
        ck_assert_int_eq(info.orientation, cases[i].orientation);
        ck_assert_int_eq(info.width, WIDTH);
        ck_assert_int_eq(info.height, HEIGHT);
        ck_assert_int_eq(image.width, WIDTH);
        ck_assert_int_eq(image.height, HEIGHT);
        for (int q = 0; q < 4; q++) {
            expect_quarter(cases[i].name, &image, q, cases[i].quarters[q],
                           cases[i].tolerance);
        }
        aha_image_fini(&image);
    }
}
END_TEST

START_TEST(shrinks_on_load)
{
    static const char *const names[] = {
        "orientation_6.jpg",  "lossy.webp",  "rgb.png",   "plain.gif",
        "orientation_6.tiff", "turned.heic", "plain.avif"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (int shrink = 1; shrink <= 8; shrink *= 2) {
            struct aha_image_info info;
            struct aha_image image;

            decode(names[i], shrink, &info, &image);
            ck_assert_int_eq(info.width, WIDTH);
            ck_assert_int_eq(image.width, WIDTH / shrink);
            ck_assert_int_eq(image.height, HEIGHT / shrink);
            expect_quarter(names[i], &image, 0, plain[0], 40);
            aha_image_fini(&image);
        }
    }
}
END_TEST

/* A JPEG is whole without its end marker, a PNG without its last chunk. */
static size_t optional_tail(const char *name)
{
    return strstr(name, ".png") != NULL ? 16 : 2;
}

/* Whatever part of a file is there, it is refused; never half a picture. */
static void check_truncated(const char *name)
{
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes = support_read(support_data(name, path), &n);
    size_t tail = optional_tail(name);

    for (size_t k = 0; k + tail < n; k++) {
        unsigned char *cut = malloc(k == 0 ? 1 : k);
        struct aha_error err = {AHA_OK, ""};
        struct aha_image image = {0};
        struct aha_image_info info;
        enum aha_status status;

        memcpy(cut, bytes, k);
        status =
            aha_image_probe(cut, k, MAX_PIXELS, AHA_FORMATS_ALL, &info, &err);
        if (status == AHA_OK) {
            status = aha_image_decode(cut, k, &info, 1, &image, &err);
        }
        ck_assert_msg(status == AHA_ERR_DECODE || status == AHA_ERR_UNSUPPORTED,
                      "%s cut at %zu of %zu: %s", name, k, n,
                      aha_status_name(status));
        ck_assert_ptr_null(image.rgb);
        ck_assert_ptr_nonnull(strchr(err.text, '.'));
        free(cut);
    }
    free(bytes);
}

static const char *const cut_files[] = {
    "grey.jpg",   "rgb.png",   "lossy.webp",  "plain.gif",
    "alpha.tiff", "grey.tiff", "turned.heic", "plain.avif"};

START_TEST(truncated_at_every_byte)
{
    check_truncated(cut_files[_i]);
}
END_TEST

START_TEST(too_many_pixels_by_the_header)
{
    struct aha_error err = {AHA_OK, ""};
    struct aha_image_info info;
    char path[SUPPORT_MAX_PATH];
    size_t n;
    unsigned char *bytes = support_read(support_data("huge.png", path), &n);

    ck_assert_int_eq(
        aha_image_probe(bytes, n, MAX_PIXELS, AHA_FORMATS_DEFAULT, &info, &err),
        AHA_ERR_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(err.text, "50000 x 50000"));
    ck_assert_ptr_nonnull(strstr(err.text, "50 million"));
    free(bytes);
    bytes = support_read(support_data("rgb.png", path), &n);
    ck_assert_int_eq(aha_image_probe(bytes, n, WIDTH * HEIGHT - 1,
                                     AHA_FORMATS_DEFAULT, &info, &err),
                     AHA_ERR_TOO_LARGE);
    ck_assert_int_eq(aha_image_probe(bytes, n, WIDTH * HEIGHT,
                                     AHA_FORMATS_DEFAULT, &info, &err),
                     AHA_OK);
    free(bytes);
}
END_TEST

/* All three kinds of a first chunk, and what is cut before it says its size. */
START_TEST(webp_says_its_size_first)
{
    static const char *const names[] = {"lossy.webp", "alpha.webp",
                                        "orientation_6.webp", "animated.webp"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct aha_image_info info;
        char path[SUPPORT_MAX_PATH];
        size_t n;
        unsigned char *bytes = support_read(support_data(names[i], path), &n);
        int width = -1;
        int height = -1;
        bool is_turned;

        ck_assert_int_eq(aha_image_probe(bytes, n, MAX_PIXELS,
                                         AHA_FORMATS_DEFAULT, &info, NULL),
                         AHA_OK);
        ck_assert(format_webp_size(bytes, n, &width, &height));
        is_turned = info.orientation >= 5;
        ck_assert_int_eq(width, is_turned ? info.height : info.width);
        ck_assert_int_eq(height, is_turned ? info.width : info.height);
        ck_assert(!format_webp_size(bytes, 29, &width, &height));
        bytes[12] = 'v';
        ck_assert(!format_webp_size(bytes, n, &width, &height));
        free(bytes);
    }
}
END_TEST

START_TEST(other_formats_are_not_tried)
{
    static const char *const others[] = {
        "GIF89a\x01\x00\x01\x00\x80\x00\x00",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "P6\n1 1\n255\nabc",
        "BM123456789012",
        "%PDF-1.4\n",
        "II*\0abcdefgh",
        "RIFF1234WAVEfmt ",
        ""};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct aha_image_info info;

        ck_assert_int_eq(aha_image_probe(others[i], strlen(others[i]),
                                         MAX_PIXELS, AHA_FORMATS_DEFAULT, &info,
                                         NULL),
                         AHA_ERR_UNSUPPORTED);
    }
}
END_TEST

/* Should anything ever ask for them. */
START_TEST(other_loaders_do_not_run)
{
    static const char ppm[] = "P6\n1 1\n255\nabc";
    VipsSource *source = vips_source_new_from_memory(ppm, sizeof ppm - 1);
    VipsImage *image = NULL;

    ck_assert_int_ne(vips_ppmload_source(source, &image, NULL), 0);
    ck_assert_ptr_nonnull(strstr(vips_error_buffer(), "blocked"));
    vips_error_clear();
    g_object_unref(source);
}
END_TEST

START_TEST(only_accepted_formats_are_read)
{
    static const struct {
        const char *name;
        enum aha_image_format format;
        const char *refusal; /* where all others are accepted */
    } cases[] = {
        {"grey.jpg", AHA_IMAGE_JPEG,
         "JPEG is not accepted here; send PNG, WebP, GIF, TIFF, HEIF or AVIF."},
        {"rgb.png", AHA_IMAGE_PNG, "PNG is not accepted here; send JPEG, "},
        {"lossy.webp", AHA_IMAGE_WEBP, "WebP is not accepted here; send "},
        {"plain.gif", AHA_IMAGE_GIF, "GIF is not accepted here; send "},
        {"grey.tiff", AHA_IMAGE_TIFF, "TIFF is not accepted here; send "},
        {"plain.heic", AHA_IMAGE_HEIF, "HEIF is not accepted here; send "},
        {"plain.avif", AHA_IMAGE_AVIF, "AVIF is not accepted here; send "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned only = 1U << cases[i].format;
        struct aha_error err = {AHA_OK, ""};
        struct aha_image_info info = {0};
        char path[SUPPORT_MAX_PATH];
        size_t n;
        unsigned char *bytes =
            support_read(support_data(cases[i].name, path), &n);

        ck_assert_int_eq(
            aha_image_probe(bytes, n, MAX_PIXELS, only, &info, &err), AHA_OK);
        ck_assert_int_eq(info.format, cases[i].format);
        info.format = AHA_IMAGE_UNKNOWN;
        ck_assert_int_eq(aha_image_probe(bytes, n, MAX_PIXELS,
                                         AHA_FORMATS_ALL & ~only, &info, &err),
                         AHA_ERR_UNSUPPORTED);
        ck_assert_msg(
            strncmp(err.text, cases[i].refusal, strlen(cases[i].refusal)) == 0,
            "%s", err.text);
        ck_assert_int_eq(info.format, AHA_IMAGE_UNKNOWN);
        free(bytes);
    }
}
END_TEST

START_TEST(the_refusal_names_what_is_accepted)
{
    static const char text[] = "%PDF-1.4 and so on";
    struct aha_error err = {AHA_OK, ""};
    struct aha_image_info info;

    ck_assert_int_eq(aha_image_probe(text, sizeof text, MAX_PIXELS,
                                     AHA_FORMATS_DEFAULT, &info, &err),
                     AHA_ERR_UNSUPPORTED);
    ck_assert_str_eq(
        err.text, "This is no image that is accepted here; send JPEG, PNG or "
                  "WebP.");
    ck_assert_int_eq(aha_image_probe(text, sizeof text, MAX_PIXELS,
                                     1U << AHA_IMAGE_PNG, &info, &err),
                     AHA_ERR_UNSUPPORTED);
    ck_assert_str_eq(err.text,
                     "This is no image that is accepted here; send PNG.");
    ck_assert_int_eq(
        aha_image_probe(text, sizeof text, MAX_PIXELS, 0, &info, &err),
        AHA_ERR_ARG);
}
END_TEST

START_TEST(tells_formats_apart)
{
    static const struct {
        size_t n;
        const char *head;
        enum aha_image_format format;
    } cases[] = {
        {6, "GIF87a", AHA_IMAGE_GIF},
        {6, "GIF89a", AHA_IMAGE_GIF},
        {6, "GIF88a", AHA_IMAGE_UNKNOWN},
        {5, "GIF89", AHA_IMAGE_UNKNOWN},
        {4, "II*\0", AHA_IMAGE_TIFF},
        {4, "MM\0*", AHA_IMAGE_TIFF},
        {4, "II\0*", AHA_IMAGE_UNKNOWN},
        {12,
         "\0\0\0\x18"
         "ftypheic",
         AHA_IMAGE_HEIF},
        {12,
         "\0\0\0\x18"
         "ftypheix",
         AHA_IMAGE_HEIF},
        {12,
         "\0\0\0\x18"
         "ftypmif1",
         AHA_IMAGE_HEIF},
        {12,
         "\0\0\0\x18"
         "ftypavif",
         AHA_IMAGE_AVIF},
        {12,
         "\0\0\0\x18"
         "ftypavis",
         AHA_IMAGE_AVIF},
        {12,
         "\0\0\0\x18"
         "ftypisom",
         AHA_IMAGE_UNKNOWN},
        {11,
         "\0\0\0\x18"
         "ftyphei",
         AHA_IMAGE_UNKNOWN},
        {24,
         "\0\0\0\x18"
         "ftypmif1\0\0\0\0miafavif",
         AHA_IMAGE_AVIF},
        {24,
         "\0\0\0\x18"
         "ftypmif1\0\0\0\0miafheic",
         AHA_IMAGE_HEIF},
        {24,
         "\0\0\0\x14"
         "ftypmif1\0\0\0\0miafavif",
         AHA_IMAGE_HEIF},
        {23,
         "\0\0\0\x18"
         "ftypmif1\0\0\0\0miafavi",
         AHA_IMAGE_HEIF},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *head = malloc(cases[i].n); /* no byte more may be read */

        memcpy(head, cases[i].head, cases[i].n);
        ck_assert_msg(aha_image_sniff(head, cases[i].n) == cases[i].format,
                      "case %zu", i);
        free(head);
    }
}
END_TEST

START_TEST(names_read_back)
{
    static const char *const others[] = {"unknown", "JPEG", "jpg", "bmp", ""};
    enum aha_image_format format = AHA_IMAGE_PNG;

    for (int i = AHA_IMAGE_JPEG; i < AHA_N_IMAGE_FORMATS; i++) {
        ck_assert(aha_image_format_parse(
            aha_image_format_name((enum aha_image_format)i), &format));
        ck_assert_int_eq(format, i);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert(!aha_image_format_parse(others[i], &format));
    }
    ck_assert_int_eq(format, AHA_IMAGE_AVIF);
}
END_TEST

START_TEST(encoded_reads_back)
{
    static const enum aha_image_format formats[] = {AHA_IMAGE_PNG,
                                                    AHA_IMAGE_WEBP};
    struct aha_image image;
    void *bytes = NULL;
    size_t n = 0;

    ck_assert_int_eq(aha_image_init(&image, 40, 30, NULL), AHA_OK);
    memset(image.rgb, 200, 40 * 30 * 3);
    for (size_t i = 0; i < 2; i++) {
        struct aha_image_info info;
        struct aha_image again;

        ck_assert_int_eq(aha_image_encode(&image, formats[i], &bytes, &n, NULL),
                         AHA_OK);
        ck_assert_int_eq(
            aha_image_probe(bytes, n, 1200, 1U << formats[i], &info, NULL),
            AHA_OK);
        ck_assert_int_eq(info.width, 40);
        ck_assert_int_eq(info.height, 30);
        ck_assert_int_eq(aha_image_decode(bytes, n, &info, 1, &again, NULL),
                         AHA_OK);
        ck_assert_int_le(abs(again.rgb[1000] - 200), i == 0 ? 0 : 3);
        aha_image_fini(&again);
        free(bytes);
    }
    bytes = NULL;
    ck_assert_int_eq(aha_image_encode(&image, AHA_IMAGE_JPEG, &bytes, &n, NULL),
                     AHA_ERR_ARG);
    ck_assert_ptr_null(bytes);
    aha_image_fini(&image);
    ck_assert_int_eq(aha_image_encode(&image, AHA_IMAGE_PNG, &bytes, &n, NULL),
                     AHA_ERR_ARG);
}
END_TEST

START_TEST(written_png_reads_back)
{
    char path[] = "/tmp/aha-image-XXXXXX";
    int fd = mkstemp(path);
    struct aha_image_info info;
    struct aha_image image;
    struct aha_image again;
    unsigned char *bytes;
    size_t n;

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert_int_eq(aha_image_init(&image, 7, 5, NULL), AHA_OK);
    for (int i = 0; i < 7 * 5 * 3; i++) {
        image.rgb[i] = (uint8_t)(i * 37);
    }
    ck_assert_int_eq(aha_image_write_png(&image, path, NULL), AHA_OK);
    bytes = support_read(path, &n);
    (void)unlink(path);
    ck_assert_int_eq(
        aha_image_probe(bytes, n, 100, AHA_FORMATS_DEFAULT, &info, NULL),
        AHA_OK);
    ck_assert_int_eq(aha_image_decode(bytes, n, &info, 1, &again, NULL),
                     AHA_OK);
    ck_assert_mem_eq(image.rgb, again.rgb, 7 * 5 * 3);
    ck_assert_int_eq(aha_image_write_png(&image, "/nowhere/x.png", NULL),
                     AHA_ERR_IO);
    aha_image_fini(&image);
    aha_image_fini(&again);
    aha_image_fini(&again);
    free(bytes);
}
END_TEST

Suite *image_suite(void)
{
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");

    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, everything_becomes_upright_srgb);
    tcase_add_test(tests, shrinks_on_load);
    tcase_add_loop_test(tests, truncated_at_every_byte, 0,
                        (int)(sizeof cut_files / sizeof *cut_files));
    tcase_add_test(tests, too_many_pixels_by_the_header);
    tcase_add_test(tests, webp_says_its_size_first);
    tcase_add_test(tests, other_formats_are_not_tried);
    tcase_add_test(tests, other_loaders_do_not_run);
    tcase_add_test(tests, only_accepted_formats_are_read);
    tcase_add_test(tests, the_refusal_names_what_is_accepted);
    tcase_add_test(tests, tells_formats_apart);
    tcase_add_test(tests, names_read_back);
    tcase_add_test(tests, encoded_reads_back);
    tcase_add_test(tests, written_png_reads_back);
    suite_add_tcase(suite, tests);
    return suite;
}
