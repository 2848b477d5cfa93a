// SPDX-License-Identifier: MIT
/*
 * Decoders in processes of their own, and what a decoder that was taken over
 * can do to whoever asked it. Isolation is for good, so each test has it in a
 * child.
 */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aha/image.h"

#include "core/clock.h"
#include "core/vision/talk.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

enum {
    MAX_PIXELS = 50000000,
    PATIENT_MS = 600000,
    SHORT_MS = 300,
    FIRST_FREE = 3,
    LONG_TEXT = 4096,
    SEALS = 0x5a,
};

/* What a file's decoding came to. */
struct found {
    enum aha_status status;
    struct aha_image_info info;
    int width; /* of all images together */
    int height;
    unsigned sum;
    char text[AHA_ERROR_TEXT];
};

/* What all processes of a test see. */
struct shared {
    bool is_apart;
    struct found found[2];
    int failed_line;
    pid_t nursery;
    pid_t decoder;       /* the last that noted itself */
    void (*act)(int fd); /* what a decoder does before it works */
    bool is_unsealed;    /* it may not */
    int descriptors;     /* that one had */
};

static struct shared *shared;
static const char *file;
static void *bytes;
static size_t n_bytes;

/* In a child, where Check does not listen. */
#define EXPECT(that)                                                           \
    do {                                                                       \
        if (!(that)) {                                                         \
            shared->failed_line = __LINE__;                                    \
            return;                                                            \
        }                                                                      \
    } while (0)

static unsigned note_nursery(void)
{
    shared->nursery = getpid();
    return SEALS;
}

static bool act(int fd)
{
    if (shared->act != NULL) {
        shared->act(fd);
    }
    return !shared->is_unsealed;
}

static void load(const char *name)
{
    char path[SUPPORT_MAX_PATH];

    free(bytes);
    file = name;
    bytes = support_read(support_data(name, path), &n_bytes);
}

static void set_up(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    load("rgb.png");
}

static void tear_down(void)
{
    (void)munmap(shared, sizeof *shared);
    free(bytes);
    bytes = NULL;
}

static bool isolate(double limit_ms)
{
    const struct aha_isolation how = {.limit_ms = limit_ms,
                                      .seal_nursery = note_nursery,
                                      .seal_decoder = act};

    unsigned seals = 0;

    return aha_image_isolate(&how, &seals, NULL) == AHA_OK && seals == SEALS;
}

/* Run a test where its isolation ends with it. */
static void in_child(void (*test)(void))
{
    int status = -1;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        test();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_msg(shared->failed_line == 0, "%s: line %d", file,
                  shared->failed_line);
}

static enum aha_status probe(struct aha_image_info *info, struct aha_error *err)
{
    return aha_image_probe(bytes, n_bytes, MAX_PIXELS, AHA_FORMATS_ALL, info,
                           err);
}

/* ---- as in the calling thread */

static void decode(void)
{
    struct aha_image_info info;
    struct aha_image image;
    struct aha_error err = {AHA_OK, ""};
    struct found *found = &shared->found[shared->is_apart];

    EXPECT(!shared->is_apart || isolate(PATIENT_MS));
    found->status = probe(&info, &err);
    for (int shrink = 1; shrink <= 4 && found->status == AHA_OK; shrink *= 4) {
        found->status =
            aha_image_decode(bytes, n_bytes, &info, shrink, &image, &err);
        if (found->status == AHA_OK) {
            found->info = info;
            found->width += image.width;
            found->height += image.height;
            for (int k = 0; k < 3 * image.width * image.height; k++) {
                found->sum = found->sum * 31 + image.rgb[k];
            }
            aha_image_fini(&image);
        }
    }
    memcpy(found->text, err.text, sizeof err.text);
}

/* Here and apart: the same. */
static void expect_same(enum aha_status status)
{
    memset(shared->found, 0, sizeof shared->found);
    for (int i = 0; i < 2; i++) {
        shared->is_apart = i == 1;
        in_child(decode);
    }
    ck_assert_int_eq(shared->found[0].status, status);
    ck_assert_msg(memcmp(&shared->found[0], &shared->found[1],
                         sizeof shared->found[0]) == 0,
                  "%s", file);
}

START_TEST(every_format_is_decoded_as_here)
{
    static const char *const files[] = {
        "rgb.png",           "rgb16.png",         "alpha.webp",
        "animated.webp",     "plain.gif",         "orientation_6.tiff",
        "plain.heic",        "plain.avif",        "astronaut.jpg",
        "cmyk.jpg",          "profile.jpg",       "orientation_1.jpg",
        "orientation_2.jpg", "orientation_3.jpg", "orientation_4.jpg",
        "orientation_5.jpg", "orientation_6.jpg", "orientation_7.jpg",
        "orientation_8.jpg"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        load(files[i]);
        expect_same(AHA_OK);
    }
}
END_TEST

/* In its head, and in the middle of its pixels. */
START_TEST(a_damaged_file_is_refused_as_here)
{
    static const size_t kept[] = {30, 30000, 60000};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        load("astronaut.jpg");
        n_bytes = kept[i];
        expect_same(AHA_ERR_DECODE);
    }
}
END_TEST

/* ---- decoders that end */

static void crash(int fd)
{
    (void)fd;
    (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would have a say */
    (void)raise(SIGSEGV);
}

static void leave(int fd)
{
    (void)fd;
    _exit(0);
}

static void hang(int fd)
{
    for (;;) {
        (void)fd;
        (void)sleep(1);
    }
}

static void lose_some(void)
{
    void (*const ways[])(int) = {crash, leave};
    struct aha_image_info info;
    struct aha_image image;
    struct aha_error err;

    EXPECT(isolate(PATIENT_MS));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        shared->act = NULL;
        EXPECT(probe(&info, NULL) == AHA_OK);
        shared->act = ways[i];
        EXPECT(aha_image_decode(bytes, n_bytes, &info, 1, &image, NULL) ==
               AHA_ERR_CRASH);
        EXPECT(probe(&info, &err) == AHA_ERR_CRASH);
        EXPECT(strcmp(err.text, "The image of format png broke its decoder.") ==
               0);
        EXPECT(!aha_image_is_nursery_lost());
    }
    shared->act = NULL;
    EXPECT(probe(&info, NULL) == AHA_OK);
}

START_TEST(a_crash_is_one_image_s)
{
    in_child(lose_some);
}
END_TEST

static void do_not_seal(void)
{
    struct aha_image_info info;

    EXPECT(isolate(PATIENT_MS));
    shared->is_unsealed = true;
    EXPECT(probe(&info, NULL) == AHA_ERR_MEMORY);
    shared->is_unsealed = false;
    EXPECT(probe(&info, NULL) == AHA_OK);
}

START_TEST(one_that_is_not_sealed_does_not_decode)
{
    in_child(do_not_seal);
}
END_TEST

static void wait_too_long(void)
{
    struct aha_image_info info;
    double start_ms;

    EXPECT(isolate(SHORT_MS));
    shared->act = hang;
    start_ms = clock_now_ms();
    EXPECT(probe(&info, NULL) == AHA_ERR_TIMEOUT);
    EXPECT(clock_now_ms() - start_ms < PATIENT_MS);
}

START_TEST(a_decoder_that_hangs_is_ended)
{
    in_child(wait_too_long);
}
END_TEST

static struct talk_answer right_answer(void)
{
    return (struct talk_answer){
        .info = {AHA_IMAGE_PNG, 48, 32, 1}, .width = 48, .height = 32};
}

/* It says what is wanted, and stays. */
static void linger(int fd)
{
    const struct talk_answer answer = right_answer();

    shared->decoder = getpid();
    (void)send(fd, &answer, sizeof answer, MSG_NOSIGNAL);
    hang(fd);
}

static void outlive(void)
{
    struct aha_image_info info;
    double start_ms;

    EXPECT(isolate(PATIENT_MS));
    shared->act = linger;
    EXPECT(probe(&info, NULL) == AHA_OK);
    start_ms = clock_now_ms();
    while (kill(shared->decoder, 0) == 0 &&
           clock_now_ms() - start_ms < PATIENT_MS) {
        (void)usleep(1000);
    }
    EXPECT(kill(shared->decoder, 0) != 0);
    EXPECT(!aha_image_is_nursery_lost());
}

START_TEST(a_decoder_ends_with_its_image)
{
    in_child(outlive);
}
END_TEST

static void kill_nursery(int fd)
{
    (void)kill(shared->nursery, SIGKILL);
    hang(fd);
}

static void lose_all(void)
{
    struct aha_image_info info;

    EXPECT(isolate(PATIENT_MS));
    shared->act = kill_nursery;
    EXPECT(probe(&info, NULL) == AHA_ERR_CRASH);
}

START_TEST(a_decoder_ends_with_its_nursery)
{
    in_child(lose_all);
}
END_TEST

static void lose_nursery(void)
{
    struct aha_image_info info;

    EXPECT(!aha_image_is_nursery_lost()); /* there is none */
    EXPECT(isolate(PATIENT_MS));
    EXPECT(probe(&info, NULL) == AHA_OK);
    EXPECT(!aha_image_is_nursery_lost());
    EXPECT(kill(shared->nursery, SIGKILL) == 0);
    EXPECT(waitpid(shared->nursery, NULL, 0) == shared->nursery);
    EXPECT(aha_image_is_nursery_lost());
    EXPECT(probe(&info, NULL) == AHA_ERR_ENVIRONMENT);
}

START_TEST(without_its_nursery_nothing_is_decoded)
{
    in_child(lose_nursery);
}
END_TEST

/* ---- decoders that were taken over */

/* Say it and be gone. */
static void say(int fd, const struct talk_answer *answer, const int *pieces,
                size_t n)
{
    static const uint8_t pixels[LONG_TEXT];

    (void)send(fd, answer, sizeof *answer, MSG_NOSIGNAL);
    for (size_t i = 0; i < n; i++) {
        (void)send(fd, &pieces[i], sizeof pieces[i], MSG_NOSIGNAL);
        if (pieces[i] > 0) {
            (void)send(fd, pixels, 3 * 48, MSG_NOSIGNAL);
        }
    }
    _exit(0);
}

static void say_wide(int fd)
{
    struct talk_answer lie = right_answer();

    lie.width = lie.info.width = 49;
    say(fd, &lie, NULL, 0);
}

static void say_high(int fd)
{
    struct talk_answer lie = right_answer();

    lie.height = INT32_MAX;
    lie.info.orientation = 9;
    say(fd, &lie, NULL, 0);
}

static void say_nothing_of_it(int fd)
{
    struct talk_answer lie = right_answer();

    lie.width = lie.info.width = 0;
    lie.height = lie.info.height = -1;
    say(fd, &lie, NULL, 0);
}

static void say_what_is_no_status(int fd)
{
    struct talk_answer lie = {.status = (enum aha_status)77};

    say(fd, &lie, NULL, 0);
}

static void say_half(int fd)
{
    struct talk_answer lie = right_answer();

    (void)send(fd, &lie, sizeof lie / 2, MSG_NOSIGNAL);
    _exit(0);
}

static void say_too_many_rows(int fd)
{
    struct talk_answer lie = right_answer();
    const int pieces[] = {INT32_MAX};

    lie.info.width = 0;
    say(fd, &lie, pieces, 1);
}

static void say_end_too_early(int fd)
{
    struct talk_answer lie = right_answer();
    const int pieces[] = {1, 1, AHA_OK};

    lie.info.height = 0;
    say(fd, &lie, pieces, 3);
}

static void say_rows_without_end(int fd)
{
    struct talk_answer lie = right_answer();
    int pieces[40];

    lie.info.orientation = 0;
    for (int i = 0; i < 40; i++) {
        pieces[i] = 1;
    }
    say(fd, &lie, pieces, 40);
}

static void say_random(int fd)
{
    uint8_t text[LONG_TEXT];
    unsigned state = (unsigned)getpid();

    for (size_t i = 0; i < sizeof text; i++) {
        state = state * 1664525U + 1013904223U;
        text[i] = (uint8_t)(state >> 24);
    }
    (void)send(fd, text, sizeof text, MSG_NOSIGNAL);
    _exit(0);
}

/* All of it, where a half was wanted. */
static void say_full(int fd)
{
    struct talk_answer lie = right_answer();

    say(fd, &lie, NULL, 0);
}

static void hear_lies(void)
{
    void (*const lies[])(int) = {
        say_wide,   say_high,          say_nothing_of_it, say_what_is_no_status,
        say_half,   say_too_many_rows, say_end_too_early, say_rows_without_end,
        say_random, say_random,        say_random};
    struct aha_image_info info = {AHA_IMAGE_PNG, 48, 32, 1};
    struct aha_image_info other;
    struct aha_image image;
    struct aha_error err;

    EXPECT(isolate(PATIENT_MS));
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        shared->act = lies[i];
        EXPECT(aha_image_decode(bytes, n_bytes, &info, 1, &image, NULL) ==
               AHA_ERR_CRASH);
        /* Of a header an image that is another's size is no lie. */
        EXPECT(lies[i] == say_wide || probe(&other, NULL) == AHA_ERR_CRASH);
    }
    shared->act = say_full;
    EXPECT(aha_image_decode(bytes, n_bytes, &info, 2, &image, &err) ==
           AHA_ERR_CRASH);
}

START_TEST(lies_are_not_believed)
{
    in_child(hear_lies);
}
END_TEST

/* A row by a byte now and then. */
static void dribble(int fd)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct talk_answer answer = right_answer();
    const int one = 1;

    (void)send(fd, &answer, sizeof answer, MSG_NOSIGNAL);
    (void)send(fd, &one, sizeof one, MSG_NOSIGNAL);
    while (send(fd, "", 1, MSG_NOSIGNAL) == 1) {
        (void)nanosleep(&pause, NULL);
    }
    _exit(0);
}

static void hear_dribble(void)
{
    struct aha_image_info info = {AHA_IMAGE_PNG, 48, 32, 1};
    struct aha_image image;

    EXPECT(isolate(SHORT_MS));
    shared->act = dribble;
    EXPECT(aha_image_decode(bytes, n_bytes, &info, 1, &image, NULL) ==
           AHA_ERR_TIMEOUT);
}

START_TEST(nobody_is_heard_without_end)
{
    in_child(hear_dribble);
}
END_TEST

static void count_descriptors(int fd)
{
    int n = 0;

    for (int i = FIRST_FREE; i < 1024; i++) {
        n += i != fd && write(i, "", 0) >= 0 ? 1 : 0;
    }
    shared->descriptors = n;
}

static void look_around(void)
{
    struct aha_image_info info;
    int ends[2];

    EXPECT(pipe(ends) == 0);
    EXPECT(isolate(PATIENT_MS));
    shared->descriptors = -1;
    shared->act = count_descriptors;
    EXPECT(probe(&info, NULL) == AHA_OK);
    EXPECT(shared->descriptors == 0);
}

START_TEST(a_decoder_has_one_socket)
{
    in_child(look_around);
}
END_TEST

Suite *apart_suite(void)
{
    Suite *suite = suite_create("apart");
    TCase *tests = tcase_create("apart");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_format_is_decoded_as_here);
    tcase_add_test(tests, a_damaged_file_is_refused_as_here);
    tcase_add_test(tests, a_crash_is_one_image_s);
    tcase_add_test(tests, one_that_is_not_sealed_does_not_decode);
    tcase_add_test(tests, a_decoder_that_hangs_is_ended);
    tcase_add_test(tests, a_decoder_ends_with_its_image);
    tcase_add_test(tests, a_decoder_ends_with_its_nursery);
    tcase_add_test(tests, without_its_nursery_nothing_is_decoded);
    tcase_add_test(tests, lies_are_not_believed);
    tcase_add_test(tests, nobody_is_heard_without_end);
    tcase_add_test(tests, a_decoder_has_one_socket);
    suite_add_tcase(suite, tests);
    return suite;
}
