// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/dataset.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

static char folder[] = "/tmp/aha-dataset-XXXXXX";
static struct dataset dataset;
static struct aha_error err;

static void make_folder(void)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6); /* again */
    ck_assert_ptr_nonnull(mkdtemp(folder));
    dataset = (struct dataset){0};
    err = (struct aha_error){AHA_OK, ""};
}

static void remove_folder(void)
{
    char command[SUPPORT_MAX_PATH];

    dataset_fini(&dataset);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Write folder/name, and the folders on its way. */
static void make_file(const char *name, const char *text)
{
    char path[SUPPORT_MAX_PATH];
    FILE *stream;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *at = path + sizeof folder; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777);
            *at = '/';
        }
    }
    stream = fopen(path, "w");
    ck_assert_ptr_nonnull(stream);
    (void)fputs(text, stream);
    ck_assert_int_eq(fclose(stream), 0);
}

static enum aha_status load(const char *split)
{
    struct dataset_source source = {
        .path = folder, .split = split, .n_frames = 2};

    dataset_fini(&dataset);
    return dataset_load(&source, &dataset, &err);
}

static void check_item(int i, enum face_class truth, const char *ending)
{
    const char *name;

    ck_assert_int_lt(i, dataset.n);
    name = dataset.items[i].name;
    ck_assert_int_eq(dataset.items[i].truth, truth);
    ck_assert_msg(strlen(name) > strlen(ending) &&
                      strcmp(name + strlen(name) - strlen(ending), ending) == 0,
                  "%s", name);
}

START_TEST(named_folders)
{
    make_folder();
    make_file("Train/Angry/b.png", "");
    make_file("Val/Happy/b.png", "");
    make_file("Val/Happy/a.JPG", "");
    make_file("Val/Happy/notes.txt", "");
    make_file("Val/Sad/deep/er/c.png", "");
    make_file("Val/contempt/d.png", "");
    ck_assert_int_eq(load(NULL), AHA_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(err.text, "Train, Val"));
    ck_assert_int_eq(load("nope"), AHA_ERR_ARG);
    ck_assert_int_eq(load("all"), AHA_OK);
    ck_assert_int_eq(dataset.n, 4);
    ck_assert_int_eq(load("val"), AHA_OK);
    ck_assert_int_eq(dataset.layout, LAYOUT_FOLDERS);
    ck_assert_int_eq(dataset.n, 3);
    ck_assert_int_eq(dataset.n_other, 1);
    check_item(0, CLASS_HAPPINESS, "Val/Happy/a.JPG");
    check_item(1, CLASS_HAPPINESS, "Val/Happy/b.png");
    check_item(2, CLASS_SADNESS, "Val/Sad/deep/er/c.png");
    make_file("Val/Smug/e.png", "");
    ck_assert_int_eq(load("val"), AHA_ERR_DECODE);
    ck_assert_ptr_nonnull(strstr(err.text, "Smug"));
    remove_folder();
}
END_TEST

START_TEST(numbered_folders)
{
    make_folder();
    make_file("val/1/a.png", "");
    make_file("val/7/b.png", "");
    ck_assert_int_eq(load(NULL), AHA_ERR_ARG); /* by whom? */
    ck_assert_ptr_nonnull(strstr(err.text, "--layout"));
    make_file("val/0/c.png", "");
    ck_assert_int_eq(load(NULL), AHA_OK);
    ck_assert_int_eq(dataset.layout, LAYOUT_AFFECTNET);
    ck_assert_str_eq(dataset.split, "val");
    ck_assert_int_eq(dataset.n, 2);
    ck_assert_int_eq(dataset.n_other, 1);
    check_item(0, CLASS_NEUTRAL, "0/c.png");
    check_item(1, CLASS_HAPPINESS, "1/a.png");
    remove_folder();
}
END_TEST

START_TEST(rafdb_list)
{
    make_folder();
    make_file("basic/EmoLabel/list_patition_label.txt",
              "train_00001.jpg 5\r\ntest_0001.jpg 1\n\ntest_0002.jpg 7");
    ck_assert_int_eq(load("test"), AHA_ERR_IO); /* no images */
    make_file("basic/Image/aligned/test_0001_aligned.jpg", "");
    make_file("basic/Image/aligned/test_0002.jpg", "");
    ck_assert_int_eq(load("test"), AHA_OK);
    ck_assert_int_eq(dataset.layout, LAYOUT_RAFDB);
    ck_assert_int_eq(dataset.n, 2);
    check_item(0, CLASS_SURPRISE, "Image/aligned/test_0001_aligned.jpg");
    check_item(1, CLASS_NEUTRAL, "Image/aligned/test_0002.jpg");
    make_file("basic/EmoLabel/list_patition_label.txt", "test_0001.jpg 8\n");
    ck_assert_int_eq(load("test"), AHA_ERR_DECODE);
    ck_assert_ptr_nonnull(strstr(err.text, "line 1"));
    remove_folder();
}
END_TEST

START_TEST(ckplus_trees)
{
    make_folder();
    make_file("Emotion/S005/001/S005_001_00000011_emotion.txt",
              "   3.0000000e+00\n");
    make_file("Emotion/S010/002/S010_002_00000001_emotion.txt", "7.0");
    make_file("Emotion/S010/003/S010_003_00000014_emotion.txt", "2");
    ck_assert_int_eq(load(NULL), AHA_ERR_IO); /* no frames */
    make_file("cohn-kanade-images/S005/001/S005_001_00000011.png", "");
    ck_assert_int_eq(load(NULL), AHA_OK);
    ck_assert_int_eq(dataset.layout, LAYOUT_CKPLUS);
    ck_assert_int_eq(dataset.n, 3);
    ck_assert_int_eq(dataset.n_other, 2);
    check_item(0, CLASS_DISGUST, "S005/001/S005_001_00000011.png");
    check_item(1, CLASS_DISGUST, "S005/001/S005_001_00000010.png");
    check_item(2, CLASS_SURPRISE, "S010/002/S010_002_00000001.png");
    make_file("Emotion/S010/003/S010_003_00000014_emotion.txt", "2.5");
    ck_assert_int_eq(load(NULL), AHA_ERR_DECODE);
    remove_folder();
}
END_TEST

START_TEST(csv_files)
{
    make_folder();
    make_file("labels.csv", "image,expression\n\"a, b.png\",Happy\nc.png,fear");
    make_file("images/a, b.png", "");
    ck_assert_int_eq(load(NULL), AHA_OK);
    ck_assert_int_eq(dataset.layout, LAYOUT_CSV);
    ck_assert_int_eq(dataset.n, 2);
    check_item(0, CLASS_HAPPINESS, "images/a, b.png");
    check_item(1, CLASS_FEAR, "images/c.png");
    make_file("labels.csv", "image,expression\na.png,smug");
    ck_assert_int_eq(load(NULL), AHA_ERR_DECODE);
    ck_assert_ptr_nonnull(strstr(err.text, "smug"));
    make_file("labels.csv", "image,expression\n");
    ck_assert_int_eq(load(NULL), AHA_ERR_ARG);
    make_file("labels.csv", "file,mood\n");
    ck_assert_int_eq(load(NULL), AHA_ERR_DECODE);
    make_file("fer2013.csv", "emotion,pixels,Usage\n3,1 2 3,PublicTest\n");
    ck_assert_int_eq(load(NULL), AHA_ERR_DECODE);
    ck_assert_ptr_nonnull(strstr(err.text, "line 2"));
    remove_folder();
}
END_TEST

START_TEST(nothing_to_tell)
{
    make_folder();
    ck_assert_int_eq(load(NULL), AHA_ERR_ARG);
    make_file("a.png", "");
    ck_assert_int_eq(load(NULL), AHA_ERR_ARG);
    remove_folder();
    ck_assert_int_eq(load(NULL), AHA_ERR_IO);
}
END_TEST

Suite *dataset_suite(void)
{
    Suite *suite = suite_create("dataset");
    TCase *tests = tcase_create("dataset");

    tcase_add_test(tests, named_folders);
    tcase_add_test(tests, numbered_folders);
    tcase_add_test(tests, rafdb_list);
    tcase_add_test(tests, ckplus_trees);
    tcase_add_test(tests, csv_files);
    tcase_add_test(tests, nothing_to_tell);
    suite_add_tcase(suite, tests);
    return suite;
}
