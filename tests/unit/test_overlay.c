// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/overlay.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static const struct aha_analysis nobody = {
    .image = {.width = 64, .height = 64}};
static const struct aha_model_info info;

static char folder[] = "/tmp/aha-overlay-XXXXXX";

static void make_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6); /* again */
    ck_assert(mkdtemp(folder) != NULL);
}

static void in_folder(const char *name, char *out)
{
    (void)snprintf(out, SUPPORT_MAX_PATH, "%s/%s", folder, name);
}

static bool is_file(const char *name)
{
    char path[SUPPORT_MAX_PATH];

    in_folder(name, path);
    return access(path, F_OK) == 0;
}

static void make_file(const char *name)
{
    char path[SUPPORT_MAX_PATH];
    FILE *file;

    in_folder(name, path);
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[SUPPORT_MAX_PATH];

    in_folder(name, path);
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(every_photo_has_its_own_picture)
{
    static const char *const photos[] = {"a/one.jpg", "b/one.png",
                                         "one",       "x/one-2.jpg",
                                         "y/.hidden", "z/two.v1.jpg"};
    static const char *const names[] = {"one.svg",     "one-2.svg",
                                        "one-3.svg",   "one-2-2.svg",
                                        ".hidden.svg", "two.v1.svg"};
    struct overlay overlay = {.folder = folder, .format = AHA_PICTURE_SVG};

    make_folder();
    ck_assert_int_eq(rmdir(folder), 0); /* to be made */
    ck_assert(overlay_open(&overlay, 0, NULL));
    for (size_t i = 0; i < sizeof photos / sizeof *photos; i++) {
        ck_assert(overlay_write(&overlay, photos[i], NULL, 0, &nobody, &info));
        ck_assert_msg(is_file(names[i]), "%s", names[i]);
    }
    overlay_close(&overlay);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        remove_file(names[i]);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(no_photo_is_overwritten)
{
    char first[SUPPORT_MAX_PATH];
    char second[SUPPORT_MAX_PATH];
    char *photos[] = {first, second};
    struct overlay overlay = {.folder = folder, .format = AHA_PICTURE_SVG};
    struct stat about;

    make_folder();
    in_folder("photo.jpg", first);
    in_folder("photo.svg", second); /* by its name only */
    make_file("photo.jpg");
    make_file("photo.svg");
    ck_assert(overlay_open(&overlay, 2, photos));
    ck_assert(!overlay_write(&overlay, first, NULL, 0, &nobody, &info));
    ck_assert_int_eq(stat(second, &about), 0);
    ck_assert_int_eq(about.st_size, 0);
    overlay_close(&overlay);

    overlay = (struct overlay){.folder = second}; /* a file */
    ck_assert(!overlay_open(&overlay, 0, NULL));
    overlay.folder = "/nowhere/at/all";
    ck_assert(!overlay_open(&overlay, 0, NULL));
    overlay_close(&overlay);
    remove_file("photo.jpg");
    remove_file("photo.svg");
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(formats_by_name)
{
    enum aha_picture_format format = AHA_PICTURE_PNG;

    ck_assert(overlay_format_parse("svg", &format));
    ck_assert_int_eq(format, AHA_PICTURE_SVG);
    ck_assert(overlay_format_parse("webp", &format));
    ck_assert_int_eq(format, AHA_PICTURE_WEBP);
    ck_assert(!overlay_format_parse("jpg", &format));
    ck_assert_int_eq(format, AHA_PICTURE_WEBP);
}
END_TEST

Suite *overlay_suite(void)
{
    Suite *suite = suite_create("overlay");
    TCase *tests = tcase_create("overlay");

    tcase_add_test(tests, every_photo_has_its_own_picture);
    tcase_add_test(tests, no_photo_is_overwritten);
    tcase_add_test(tests, formats_by_name);
    suite_add_tcase(suite, tests);
    return suite;
}
