// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/vision/bounds.h"
#include "tests/unit/suites.h"

enum {
    MOST = 1 << 16,
    MAX_SEGMENTS = 1024,
    MAX_SCANS = 64,
    MAX_FRAMES = 1024,
};

#define SOI   "\xff\xd8"
#define EOI   "\xff\xd9"
#define APP1  "\xff\xe1\0\2"
#define SCAN  "\xff\xda\0\3\1\x12\xff\0\xff\xd3"
#define DATA  "\x12\xff\0\xff\xd0\xff\xff\xff"
#define RIFF  "RIFF1234WEBP"
#define FRAME "ANMF\x10\0\0\0abcdefghijklmnop"
#define SMALL "\xff\xc2\0\x08\x08\0\x10\0\x10\0"
#define LARGE "\xff\xc2\0\x08\x08\x1b\x9e\x1b\x9e\0" /* 7070 x 7070 */

/* A file under construction. */
static uint8_t file[MOST];
static size_t n_file;

#define PUT(text) put(text, sizeof(text) - 1, 1)

static void put(const char *bytes, size_t n, int times)
{
    for (int i = 0; i < times; i++) {
        ck_assert_uint_le(n, MOST - n_file);
        memcpy(file + n_file, bytes, n);
        n_file += n;
    }
}

static void begin(void)
{
    n_file = 0;
}

/* Of the exact length, so that a sanitizer sees what is read behind it. */
static bool is_short(enum aha_image_format format, size_t n)
{
    struct aha_error err = {AHA_OK, ""};
    uint8_t *copy = malloc(n + 1);
    enum aha_status status;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, file, n);
    status = bounds_check(format, copy + 1, n, &err);
    free(copy);
    ck_assert(status == AHA_OK || status == AHA_ERR_DECODE);
    ck_assert_int_eq(status == AHA_OK, err.text[0] == '\0');
    return status == AHA_OK;
}

static bool is_short_jpeg(void)
{
    return is_short(AHA_IMAGE_JPEG, n_file);
}

START_TEST(jpeg_segments)
{
    PUT(SOI);
    put(APP1, 4, MAX_SEGMENTS);
    PUT(DATA EOI);
    ck_assert(is_short_jpeg());
    n_file -= 2;
    PUT(APP1);
    ck_assert(!is_short_jpeg());
    /* behind the end, in a segment, without a length: they do not count */
    begin();
    PUT(SOI EOI);
    put(APP1, 4, MAX_SEGMENTS + 1);
    ck_assert(is_short_jpeg());
    begin();
    PUT(SOI "\xff\xe1\x80\x02");
    put(APP1, 4, MAX_SEGMENTS + 1);
    ck_assert(is_short_jpeg());
    begin();
    PUT(SOI);
    put("\xff\xd3\xff\x01\xff\0\xff\xff", 8, MAX_SEGMENTS);
    ck_assert(is_short_jpeg());
}
END_TEST

START_TEST(jpeg_scans)
{
    PUT(SOI SMALL);
    put(SCAN, sizeof SCAN - 1, MAX_SCANS);
    ck_assert(is_short_jpeg());
    PUT(SCAN);
    ck_assert(!is_short_jpeg());
    /* of 50 million pixels twenty */
    begin();
    PUT(SOI LARGE);
    put(SCAN, sizeof SCAN - 1, 20);
    ck_assert(is_short_jpeg());
    PUT(SCAN);
    ck_assert(!is_short_jpeg());
    /* or five of four planes */
    begin();
    PUT(SOI LARGE);
    put("\xff\xda\0\3\4", 5, 5);
    ck_assert(is_short_jpeg());
    PUT("\xff\xda\0\3\1");
    ck_assert(!is_short_jpeg());
    /* a reserved marker has no length to hide them in */
    begin();
    PUT(SOI SMALL SCAN "\xff\x02\x40\x10");
    put(SCAN, sizeof SCAN - 1, MAX_SCANS);
    ck_assert(!is_short_jpeg());
}
END_TEST

START_TEST(jpeg_arithmetic)
{
    for (int code = 0xc0; code <= 0xcf; code++) {
        begin();
        PUT(SOI SMALL SCAN EOI);
        file[3] = (uint8_t)code;
        ck_assert_int_eq(is_short_jpeg(), code <= 0xc8 || code == 0xcc);
    }
}
END_TEST

START_TEST(jpeg_cut_anywhere)
{
    PUT(SOI SMALL APP1 SCAN DATA SCAN "\xff\xff\xe1\0\1\xff" EOI);
    for (size_t n = 0; n <= n_file; n++) {
        ck_assert(is_short(AHA_IMAGE_JPEG, n));
    }
}
END_TEST

START_TEST(webp_frames)
{
    PUT(RIFF "ANIM\2\0\0\0ab");
    put(FRAME, 24, MAX_FRAMES);
    ck_assert(is_short(AHA_IMAGE_WEBP, n_file));
    PUT(FRAME);
    ck_assert(!is_short(AHA_IMAGE_WEBP, n_file));
    /* within another's, behind what belongs to it */
    file[12 + 10 + 4] = 0xf0;
    ck_assert(!is_short(AHA_IMAGE_WEBP, n_file));
    ck_assert(is_short(AHA_IMAGE_PNG, n_file));
    /* a chunk that is longer than the file ends it */
    begin();
    PUT(RIFF "ANIM\xff\xff\xff\xff");
    put(FRAME, 24, MAX_FRAMES + 1);
    ck_assert(is_short(AHA_IMAGE_WEBP, n_file));
}
END_TEST

START_TEST(webp_cut_anywhere)
{
    PUT(RIFF "ANIM\1\0\0\0a\0" FRAME FRAME);
    for (size_t n = 0; n <= n_file; n++) {
        ck_assert(is_short(AHA_IMAGE_WEBP, n));
    }
}
END_TEST

static uint64_t memory(enum aha_image_format format, int width, int height)
{
    const struct aha_image_info info = {
        .format = format, .width = width, .height = height};

    return bounds_memory(&info, file, n_file);
}

START_TEST(memory_of_jpeg)
{
    PUT(SOI SMALL SCAN DATA);
    file[11] = 3; /* components */
    ck_assert_uint_eq(memory(AHA_IMAGE_JPEG, 16, 16), 16 * 16 * 3 * 2);
    file[3] = 0xc0; /* sequential, each component in a scan of its own */
    ck_assert_uint_eq(memory(AHA_IMAGE_JPEG, 16, 16), 16 * 16 * 3 * 2);
    file[16] = 3;
    ck_assert_uint_eq(memory(AHA_IMAGE_JPEG, 16, 16), 0);
}
END_TEST

START_TEST(memory_of_png)
{
    PUT("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\5\0\0\0\7\x10\6\0\0\1");
    ck_assert_uint_eq(memory(AHA_IMAGE_PNG, 5, 7), 5 * 7 * 8);
    file[28] = 0;
    ck_assert_uint_eq(memory(AHA_IMAGE_PNG, 5, 7), 0);
    file[12] = 'i'; /* who knows what this is, and where it is said */
    ck_assert_uint_eq(memory(AHA_IMAGE_PNG, 5, 7), 5 * 7 * 8);
}
END_TEST

START_TEST(memory_of_webp)
{
    static const char *const names[] = {"VP8L", "ALPH"};

    PUT(RIFF "VP8 \1\0\0\0a\0");
    ck_assert_uint_eq(memory(AHA_IMAGE_WEBP, 1024, 1024), 0);
    for (int i = 0; i < 2; i++) {
        memcpy(file + 12, names[i], 4);
        ck_assert_uint_eq(memory(AHA_IMAGE_WEBP, 4, 4), 2 * 21 * 1024);
        ck_assert_uint_eq(memory(AHA_IMAGE_WEBP, 16383, 3000),
                          65536U * 21 * 1024);
    }
}
END_TEST

START_TEST(memory_of_those_that_hold_all)
{
    static const struct {
        enum aha_image_format format;
        uint64_t each;
    } all[] = {{AHA_IMAGE_GIF, 5},
               {AHA_IMAGE_TIFF, 37},
               {AHA_IMAGE_HEIF, 26},
               {AHA_IMAGE_AVIF, 26}};

    n_file = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ck_assert_uint_eq(memory(all[i].format, 9000, 5000),
                          45000000 * all[i].each);
    }
}
END_TEST

START_TEST(profiles)
{
    char head[128] = {0};

    put(head, sizeof head, 1);
    PUT("\0\0\0\2"
        "A2B0\0\0\0\x90\0\0\0\4"
        "rTRC\0\0\0\x90\0\0\0\4");
    for (size_t n = 0; n < n_file; n++) {
        ck_assert(!bounds_profile(file, n));
    }
    ck_assert(bounds_profile(file, n_file));
    memcpy(file + 132, "D2B3", 4);
    ck_assert(!bounds_profile(file, n_file));
    memcpy(file + 132, "B2D0", 4);
    ck_assert(!bounds_profile(file, n_file));
    memcpy(file + 132, "A2B1", 4);
    ck_assert(bounds_profile(file, n_file));
    memcpy(file + 128, "\xff\xff\xff\xff", 4);
    ck_assert(!bounds_profile(file, n_file));
    memcpy(file + 128, "\0\0\0\x65", 4);
    ck_assert(!bounds_profile(file, MOST));
}
END_TEST

Suite *bounds_suite(void)
{
    Suite *suite = suite_create("bounds");
    TCase *tests = tcase_create("bounds");

    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, jpeg_segments);
    tcase_add_test(tests, jpeg_scans);
    tcase_add_test(tests, jpeg_arithmetic);
    tcase_add_test(tests, jpeg_cut_anywhere);
    tcase_add_test(tests, webp_frames);
    tcase_add_test(tests, webp_cut_anywhere);
    tcase_add_test(tests, memory_of_jpeg);
    tcase_add_test(tests, memory_of_png);
    tcase_add_test(tests, memory_of_webp);
    tcase_add_test(tests, memory_of_those_that_hold_all);
    tcase_add_test(tests, profiles);
    suite_add_tcase(suite, tests);
    return suite;
}
