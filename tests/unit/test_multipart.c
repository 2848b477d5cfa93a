// SPDX-License-Identifier: MIT
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/multipart.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"

#define TYPE "multipart/form-data; boundary=boundary"
#define PART "--boundary\r\nContent-Disposition: form-data; name="
#define END  "\r\n--boundary--"

/* A text of known length, with any bytes in it. */
#define TEXT(literal) (literal), sizeof(literal) - 1

enum { MAX_RECORD = 16 * 1024 };

/* What was told, as <name|bytes><name|bytes>, whatever the pieces were. */
struct record {
    char text[MAX_RECORD];
    size_t n;
    int n_calls;
    int n_left; /* calls until one says stop; 0: none does */
};

static bool note(struct record *record, const char *bytes, size_t n)
{
    ck_assert_uint_le(n, sizeof record->text - record->n);
    if (n > 0) {
        memcpy(record->text + record->n, bytes, n);
    }
    record->n += n;
    return true;
}

static bool goes_on(struct record *record)
{
    record->n_calls++;
    return record->n_left == 0 || --record->n_left > 0;
}

static bool begin(void *data, const char *name)
{
    note(data, "<", 1);
    note(data, name, strlen(name));
    note(data, "|", 1);
    return goes_on(data);
}

static bool bytes(void *data, const char *piece, size_t n)
{
    ck_assert_uint_gt(n, 0);
    note(data, piece, n);
    return goes_on(data);
}

static bool end(void *data)
{
    note(data, ">", 1);
    return goes_on(data);
}

static const struct multipart_callbacks callbacks = {begin, bytes, end};

static struct multipart *create(const char *type, struct record *record)
{
    struct multipart *multipart = NULL;

    ck_assert_int_eq(multipart_create(&multipart, type, &callbacks, record),
                     MULTIPART_OK);
    return multipart;
}

/* A copy on the heap, so that a sanitizer sees every byte too many. */
static enum multipart_result feed(struct multipart *multipart, const char *text,
                                  size_t n)
{
    char *copy = malloc(n == 0 ? 1 : n);
    enum multipart_result result;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, n);
    result = multipart_feed(multipart, copy, n);
    free(copy);
    return result;
}

/* A body in pieces of `first` bytes and then `size` each. */
static enum multipart_result read_form(const char *type, const char *body,
                                       size_t n, size_t first, size_t size,
                                       struct record *record, bool *is_whole)
{
    struct multipart *multipart;
    enum multipart_result result = MULTIPART_OK;

    record->n = 0;
    record->n_calls = 0;
    multipart = create(type, record);
    for (size_t at = 0; at < n;) {
        size_t piece = at == 0 ? first : size;

        piece = piece < n - at ? piece : n - at;
        result = feed(multipart, body + at, piece);
        at += piece;
    }
    *is_whole = multipart_is_whole(multipart);
    multipart_destroy(multipart);
    return result;
}

/* Whatever the pieces, this is what is told. */
static void check_told(const char *body, size_t n, const char *wanted,
                       size_t n_wanted)
{
    static struct record record;
    bool is_whole = false;

    for (size_t i = 1; i <= n; i++) {
        for (int split = 0; split < 2; split++) {
            ck_assert_int_eq(read_form(TYPE, body, n, i, split == 0 ? i : n,
                                       &record, &is_whole),
                             MULTIPART_OK);
            ck_assert(is_whole);
            ck_assert_uint_eq(record.n, n_wanted);
            ck_assert_mem_eq(record.text, wanted, n_wanted);
        }
    }
}

static enum multipart_result result_of(const char *type, const char *body,
                                       size_t n, bool *is_whole)
{
    static struct record record;
    static struct record bytewise;
    bool is_whole_bytewise = false;
    enum multipart_result result =
        read_form(type, body, n, n, n, &record, is_whole);

    ck_assert_int_eq(
        read_form(type, body, n, 1, 1, &bytewise, &is_whole_bytewise), result);
    ck_assert_int_eq(is_whole_bytewise, *is_whole);
    ck_assert_uint_eq(bytewise.n, record.n);
    ck_assert_mem_eq(bytewise.text, record.text, record.n);
    return result;
}

static void check_refused(const char *body, size_t n)
{
    bool is_whole = true;

    ck_assert_msg(result_of(TYPE, body, n, &is_whole) == MULTIPART_MALFORMED,
                  "not refused: %s", body);
    ck_assert(!is_whole);
}

START_TEST(pieces_of_any_size)
{
    static const char body[] =
        "a preamble\r\n--boundar\r\n" PART "\"max_faces\"\r\n\r\n3\r\n" PART
        "\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        "\xff\xd8\xff\0\r\n--boundar\r\n-\r\r\n\r\n--\r\n" PART
        "file\r\n\r\n\r\n" PART "\"last\"\r\n\r\n\r\n" END
        "\r\nan epilogue " END "\r\n" PART "\"file\"\r\n\r\n";

    check_told(TEXT(body), TEXT("<max_faces|3>"
                                "<file|\xff\xd8\xff\0\r\n--boundar\r\n-\r\r\n"
                                "\r\n--><file|><last|\r\n>"));
}
END_TEST

START_TEST(what_only_looks_like_a_boundary)
{
    static const char *const contents[] = {
        "\r",
        "\n",
        "-",
        "\r\n",
        "\r\n-",
        "\r\n--",
        "\r\n--b",
        "\r\n--boundar",
        "--boundar",
        "\r\r\n--boundar\r",
        "\n--boundary",
        "\r--boundary",
        "\r\n-boundary",
        "\r\n--Boundary",
        "\r\n\r\n--boundar-boundary",
        "\r\n--boundar\r\n--boundar\r\n--boundar",
        " --boundary",
        "boundary--",
        "\r\n--bound\r\n--ary",
        "\r\n --boundary"};

    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        char body[512];
        char wanted[128];

        (void)snprintf(body, sizeof body,
                       PART "a\r\n\r\n%s\r\n" PART "b\r\n\r\n%s" END,
                       contents[i], contents[i]);
        (void)snprintf(wanted, sizeof wanted, "<a|%s><b|%s>", contents[i],
                       contents[i]);
        check_told(body, strlen(body), wanted, strlen(wanted));
    }
}
END_TEST

/* Every content of six of the letters that delimiters are made of. */
START_TEST(every_short_content)
{
    enum { N = 6, N_LETTERS = 5, N_CONTENTS = 15625 };
    static const char letters[] = "\r\n-bx";
    static const char head[] =
        "--b\r\nContent-Disposition: form-data; name=n\r\n\r\n";
    static struct record record;

    for (int k = 0; k < N_CONTENTS; k++) {
        char body[sizeof head + N + 8];
        char wanted[N + 8];
        char *content = body + sizeof head - 1;
        size_t n;

        memcpy(body, head, sizeof head - 1);
        for (int i = 0, left = k; i < N; i++, left /= N_LETTERS) {
            content[i] = letters[left % N_LETTERS];
        }
        memcpy(content + N, "\r\n--b--", 8);
        /* Of a content that holds its boundary, the tables speak. */
        if (strstr(content - 2, "\r\n--b") != content + N) {
            continue;
        }
        n = sizeof head - 1 + N + 7;
        (void)snprintf(wanted, sizeof wanted, "<n|%.6s>", content);
        for (size_t i = sizeof head - 4; i <= n; i++) {
            bool is_whole = false;

            if (read_form("multipart/form-data; boundary=b", body, n, i,
                          i % 2 == 0 ? 1 : n, &record,
                          &is_whole) != MULTIPART_OK ||
                !is_whole || record.n != strlen(wanted) ||
                memcmp(record.text, wanted, record.n) != 0) {
                ck_abort_msg("content %d, split at %zu", k, i);
            }
        }
    }
}
END_TEST

START_TEST(empty_forms_and_parts)
{
    check_told(TEXT("--boundary--"), TEXT(""));
    check_told(TEXT("--boundary--\r\n"), TEXT(""));
    check_told(TEXT("\r\n--boundary--\r\n"), TEXT(""));
    check_told(TEXT(PART "a\r\n\r\n" END), TEXT("<a|>"));
    /* The line end of the headers may be that of the boundary. */
    check_told(TEXT(PART "a\r\n\r\n" PART "b\r\n\r\n--boundary--"),
               TEXT("<a|><b|>"));
    /* Spaces behind a boundary are transport padding. */
    check_told(TEXT("--boundary \t \r\nContent-Disposition:form-data;name=a"
                    "\r\n\r\n1\r\n--boundary-- \r\n"),
               TEXT("<a|1>"));
}
END_TEST

START_TEST(many_parts)
{
    static char body[80000];
    static char wanted[8000];
    size_t n = 0;
    size_t n_wanted = 0;
    static struct record record;

    for (int i = 0; i < 1000; i++) {
        n += (size_t)snprintf(body + n, sizeof body - n,
                              PART "f\r\n\r\n%.*s\r\n", i % 4, "abc");
        n_wanted +=
            (size_t)snprintf(wanted + n_wanted, sizeof wanted - n_wanted,
                             "<f|%.*s>", i % 4, "abc");
    }
    n += (size_t)snprintf(body + n, sizeof body - n, "--boundary--\r\n");
    for (size_t size = 1; size <= n; size = size * 3 + 1) {
        bool is_whole = false;

        ck_assert_int_eq(
            read_form(TYPE, body, n, size, size, &record, &is_whole),
            MULTIPART_OK);
        ck_assert(is_whole);
        ck_assert_uint_eq(record.n, n_wanted);
        ck_assert_mem_eq(record.text, wanted, n_wanted);
    }
}
END_TEST

#define LONGEST                                                                \
    "0123456789012345678901234567890123456789012345678901234567890123456789"

START_TEST(types_accepted)
{
    static const struct {
        const char *type;
        const char *boundary;
    } cases[] = {
        {"multipart/form-data; boundary=a", "a"},
        {"Multipart/Form-Data;BOUNDARY=\"a b\"", "a b"},
        {"multipart/form-data ; charset=\"x;boundary=no\\\"\"; boundary=a",
         "a"},
        {"multipart/form-data; boundary=a; charset=utf-8;", "a"},
        {"multipart/form-data;; boundary=-._+'", "-._+'"},
        {"multipart/form-data; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"},
        {"multipart/form-data; boundary=------------------------d74496d6695887",
         "------------------------d74496d6695887"},
        {"multipart/form-data; boundary=" LONGEST, LONGEST},
        {"multipart/form-data; boundary=\"" LONGEST "\"", LONGEST},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[512];
        bool is_whole = false;
        int n = snprintf(body, sizeof body,
                         "--%s\r\ncontent-disposition: form-data; name=n"
                         "\r\n\r\n\r\n--%.*s\r\n--%s--",
                         cases[i].boundary, (int)strlen(cases[i].boundary) - 1,
                         cases[i].boundary, cases[i].boundary);

        ck_assert_int_eq(result_of(cases[i].type, body, (size_t)n, &is_whole),
                         MULTIPART_OK);
        ck_assert(is_whole);
    }
}
END_TEST

START_TEST(types_refused)
{
    static const char *const types[] = {
        NULL,
        "",
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a\\",
        "multipart/form-data boundary=a",
        "multipart/form-data; boundary=a b",
        "multipart/form-data; boundary=a,b",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\r\nb\"",
        "multipart/form-data; boundary=\"a\\\"b\"",
        "multipart/form-data; boundary=\"a*b\"",
        "multipart/form-data; boundary=a*",
        "multipart/form-data; boundary=\xc3\xa9",
        "multipart/form-data; boundary=a; boundary=a",
        "multipart/form-data; boundary = a",
        "multipart/form-data; =a; boundary=a",
        "multipart/form-data; charset; boundary=a",
        "multipart/form-data; boundary=\"a\"b",
        "multipart/form-data; boundary=a; charset=\"",
        "multipart/form-datas; boundary=a",
        "multipart/mixed; boundary=a",
        "multipart/form-data; xboundary=a",
        "multipart/form-data; boundary=" LONGEST "0",
        "multipart/form-data; boundary=\"" LONGEST "0\""};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct multipart *multipart = NULL;

        ck_assert_msg(multipart_create(&multipart, types[i], &callbacks,
                                       NULL) == MULTIPART_MALFORMED,
                      "accepted: %s", types[i]);
        ck_assert_ptr_null(multipart);
    }
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *header;
        const char *name;
    } cases[] = {
        {"Content-Disposition: form-data; name=\"file\"", "file"},
        {"content-disposition:FORM-DATA;NAME=file", "file"},
        {"Content-Disposition: \t form-data ;\tname=\"file\" \t", "file"},
        {"Content-Disposition: form-data; filename=\"name=x\"; name=\"a\"",
         "a"},
        {"Content-Disposition: form-data; filename*=UTF-8''%e2%82%ac; name=a",
         "a"},
        {"Content-Disposition: form-data; name=\"a\"; "
         "filename=\"C:\\x\\y.png\"",
         "a"},
        {"Content-Disposition: form-data; name=\"a\\\"b\\\\\"; "
         "filename=\"\\\"\"",
         "a\"b\\"},
        {"Content-Disposition: form-data; name=\"a\\b%22;\"", "a\\b%22;"},
        {"Content-Disposition: form-data; name=\"\xc3\xa4 \xff\"",
         "\xc3\xa4 \xff"},
        {"Content-Disposition: form-data; name=\"\"", ""},
        {"X-Any:\r\nContent-Type: text/plain; x=\"\r\n"
         "Content-Transfer-Encoding: Binary \r\n"
         "Content-Disposition: form-data; name=a\r\n"
         "Content-Transfer-Encoding:8bit",
         "a"},
        {"Content-Disposition: form-data; name=a\r\n"
         "Content-Transfer-Encoding: 7bit",
         "a"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[512];
        char wanted[64];
        int n = snprintf(body, sizeof body, "--boundary\r\n%s\r\n\r\n1" END,
                         cases[i].header);

        (void)snprintf(wanted, sizeof wanted, "<%s|1>", cases[i].name);
        check_told(body, (size_t)n, wanted, strlen(wanted));
    }
}
END_TEST

START_TEST(headers_refused)
{
    static const char *const headers[] = {
        "",
        "Content-Type: text/plain\r\n",
        "Content-Disposition\r\n",
        "Content-Disposition: \r\n",
        "Content-Disposition: form-data\r\n",
        "Content-Disposition: form-data;\r\n",
        "Content-Disposition: form-data; filename=a\r\n",
        "Content-Disposition: attachment; name=a\r\n",
        "Content-Disposition: form-data; name\r\n",
        "Content-Disposition: form-data; name=\r\n",
        "Content-Disposition: form-data; name =a\r\n",
        "Content-Disposition: form-data; name= a\r\n",
        "Content-Disposition: form-data; name=\"a\r\n",
        "Content-Disposition: form-data; name=\"a\\\"\r\n",
        "Content-Disposition: form-data; name=\"a\\\r\n",
        "Content-Disposition: form-data; name=a b\r\n",
        "Content-Disposition: form-data; name=a; name=a\r\n",
        "Content-Disposition: form-data name=a\r\n",
        "Content-Disposition: form-data, name=a\r\n",
        "Content-Disposition : form-data; name=a\r\n",
        " Content-Disposition: form-data; name=a\r\n",
        ": form-data; name=a\r\n",
        "Content-Disposition: form-data;\r\n name=a\r\n",
        "Content-Disposition: form-data; name=a\r\n folded\r\n",
        "Content-Disposition: form-data; name=a\n",
        "Content-Disposition: form-data; name=ab\n",
        "X: ab\nContent-Disposition: form-data; name=a\r\n",
        "Content-Disposition: form-data; name=a\r",
        "Content-Disposition: form-data; name=a\r\r\n",
        "Content-Disposition: form-data; name=\"a\x01\"\r\n",
        "Content-Disposition: form-data; name=\"a\x7f\"\r\n",
        "Content-Disposition: form-data; name=a\r\n"
        "Content-Disposition: form-data; name=b\r\n",
        "Content-Disposition: form-data; name=a\r\n"
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Disposition: form-data; name=a\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "Content-Disposition: form-data; name=a\r\n"
        "Content-Transfer-Encoding: binary base64\r\n",
        "Content-Disposition: form-data; name=a\r\n"
        "Content-Transfer-Encoding:\r\n",
        "Content-Disposition: form-data; name=a\r\nno header\r\n",
    };

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char body[512];
        int n = snprintf(body, sizeof body, "--boundary\r\n%s\r\n1" END,
                         headers[i]);

        check_refused(body, (size_t)n);
    }
    check_refused(TEXT("--boundary\r\nContent-Disposition: form-data; "
                       "name=\"a\0b\"\r\n\r\n1" END));
    check_refused(TEXT("--boundary\r\nContent-Disposition: form-data; "
                       "name=a\r\nX: \0\r\n\r\n1" END));
    check_refused(TEXT("--boundary\r\n\0: a\r\nContent-Disposition: form-data; "
                       "name=a\r\n\r\n1" END));
}
END_TEST

START_TEST(line_ends_and_what_follows_a_boundary)
{
    check_refused(TEXT("--boundary\nContent-Disposition: form-data; name=a"
                       "\r\n\r\n1" END));
    check_refused(TEXT("--boundary\r\r\n"));
    check_refused(TEXT("--boundaryContent-Disposition: form-data; name=a"));
    check_refused(TEXT("--boundary \t-"));
    check_refused(TEXT("--boundary-\r\n"));
    check_refused(TEXT("--boundaryx\r\n"));
    check_refused(TEXT("--boundary\0\r\n"));
    check_refused(TEXT(PART "a\r\n\r\n1\r\n--boundaryx\r\n1" END));
    check_refused(TEXT(PART "a\r\n\r\n1\r\n--boundary-x\r\n1" END));
    check_refused(TEXT(PART "a\r\n\r\n1\r\n--boundary\n" PART "b"));
}
END_TEST

START_TEST(values_may_hold_anything)
{
    check_told(TEXT(PART "a\r\n\r\n\0" END), TEXT("<a|\0>"));
    check_told(TEXT(PART "a\r\n\r\n\0\r\n--boundar\0\r\n\0\n" END),
               TEXT("<a|\0\r\n--boundar\0\r\n\0\n>"));
}
END_TEST

START_TEST(floods)
{
    static char body[8192];
    bool is_whole = false;

    for (int more = 0; more < 2; more++) {
        enum multipart_result wanted =
            more == 0 ? MULTIPART_OK : MULTIPART_MALFORMED;
        static const char head[] =
            "--boundary\r\nContent-Disposition: form-data; name=a\r\n";
        size_t lines_at = strlen("--boundary\r\n");
        int n;

        /* Bytes before the first boundary. */
        memset(body, '\n', 1024);
        n = snprintf(body + 1024 + more, 100, "\r\n--boundary--");
        body[1024] = more == 0 ? '\r' : 'x';
        ck_assert_int_eq(
            result_of(TYPE, body, 1024 + (size_t)(more + n), &is_whole),
            wanted);
        ck_assert_int_eq(is_whole, more == 0);

        /* Lines of a header. */
        n = snprintf(body, sizeof body, "%s", head);
        for (int i = 1; i < 16 + more; i++) {
            n += snprintf(body + n, 100, "X-%d: y\r\n", i);
        }
        n += snprintf(body + n, 100, "\r\n" END);
        ck_assert_int_eq(result_of(TYPE, body, (size_t)n, &is_whole), wanted);
        ck_assert_int_eq(is_whole, more == 0);

        /* Bytes of a header. */
        n = snprintf(body, sizeof body, "%sX: ", head);
        while ((size_t)n < lines_at + 2048 - 4 + (size_t)more) {
            body[n++] = 'y';
        }
        n += snprintf(body + n, 100, "\r\n\r\n1" END);
        ck_assert_int_eq(result_of(TYPE, body, (size_t)n, &is_whole), wanted);
        ck_assert_int_eq(is_whole, more == 0);
    }
    /* A flood that never ends a line, or is one of parts' headers. */
    memset(body, 'A', sizeof body);
    memcpy(body, "--boundary\r\n", 12);
    check_refused(body, sizeof body);
    memset(body, 'A', sizeof body);
    check_refused(body, sizeof body);
}
END_TEST

static const char sample[] =
    PART "\"max_faces\"\r\n\r\n3\r\n" PART
         "\"file\"; filename=\"a\\\"b.jpg\"\r\nContent-Type: image/jpeg\r\n"
         "Content-Transfer-Encoding: binary\r\n\r\n"
         "\xff\xd8\xff\r\n--boundar\r\n-\r\n" PART "file\r\n\r\n" END;

START_TEST(no_beginning_is_whole)
{
    for (size_t n = 0; n < sizeof sample - 1; n++) {
        bool is_whole = true;

        ck_assert_int_eq(result_of(TYPE, sample, n, &is_whole), MULTIPART_OK);
        ck_assert(!is_whole);
    }
}
END_TEST

START_TEST(callbacks_may_stop)
{
    static struct record record;
    bool is_whole = true;
    int n_calls;

    ck_assert_int_eq(
        read_form(TYPE, TEXT(sample), sizeof sample, 1, &record, &is_whole),
        MULTIPART_OK);
    n_calls = record.n_calls;
    ck_assert_int_gt(n_calls, 7);
    for (int i = 1; i <= n_calls; i++) {
        for (size_t size = 1; size <= sizeof sample; size += 37) {
            record.n_left = i;
            if (read_form(TYPE, TEXT(sample), size, size, &record, &is_whole) ==
                MULTIPART_OK) {
                /* Larger pieces make fewer calls. */
                ck_assert_int_lt(record.n_calls, i);
                continue;
            }
            ck_assert_int_eq(record.n_left, 0);
            ck_assert_int_eq(record.n_calls, i);
            ck_assert(!is_whole);
        }
    }
}
END_TEST

START_TEST(an_end_is_final)
{
    static struct record record;
    struct multipart *multipart = create(TYPE, &record);

    ck_assert_int_eq(feed(multipart, TEXT("--boundary\n")),
                     MULTIPART_MALFORMED);
    ck_assert_int_eq(feed(multipart, TEXT("")), MULTIPART_MALFORMED);
    ck_assert_int_eq(feed(multipart, TEXT(sample)), MULTIPART_MALFORMED);
    ck_assert_uint_eq(record.n, 0);
    multipart_destroy(multipart);
    multipart = create(TYPE, &record);
    ck_assert_int_eq(feed(multipart, TEXT("--boundary--")), MULTIPART_OK);
    ck_assert_int_eq(feed(multipart, TEXT("\r\n" PART "a\r\n\r\n\n")),
                     MULTIPART_OK);
    ck_assert(multipart_is_whole(multipart));
    ck_assert_uint_eq(record.n, 0);
    multipart_destroy(multipart);
    multipart_destroy(NULL);
}
END_TEST

/* Where each piece of the content was told to be. */
struct places {
    const char *first;
    size_t n;
    int n_calls;
};

static bool ignore_begin(void *data, const char *name)
{
    (void)data;
    (void)name;
    return true;
}

static bool note_place(void *data, const char *piece, size_t n)
{
    struct places *places = data;

    places->first = piece;
    places->n += n;
    places->n_calls++;
    return true;
}

static bool ignore_end(void *data)
{
    (void)data;
    return true;
}

static const struct multipart_callbacks placing = {ignore_begin, note_place,
                                                   ignore_end};

START_TEST(bytes_are_handed_on_where_they_lie)
{
    static const char head[] = PART "file\r\n\r\n";
    static char photo[50000];
    struct places places = {NULL, 0, 0};
    struct multipart *multipart = NULL;

    for (size_t i = 0; i < sizeof photo; i++) {
        photo[i] = (char)(i % 256); /* no CR here has an LF */
    }
    photo[20000] = '\r';
    photo[20001] = '\n';
    photo[20002] = '-';
    ck_assert_int_eq(multipart_create(&multipart, TYPE, &placing, &places),
                     MULTIPART_OK);
    ck_assert_int_eq(multipart_feed(multipart, TEXT(head)), MULTIPART_OK);
    ck_assert_int_eq(multipart_feed(multipart, photo, sizeof photo),
                     MULTIPART_OK);
    ck_assert_ptr_eq(places.first, photo);
    ck_assert_uint_eq(places.n, sizeof photo);
    ck_assert_int_eq(places.n_calls, 1);
    multipart_destroy(multipart);
}
END_TEST

static uint32_t below(uint32_t *state, uint32_t n)
{
    *state = *state * 1664525U + 1013904223U;
    return (uint32_t)(((uint64_t)*state * n) >> 32);
}

/* Some bytes changed, left out or copied, or the end cut off. */
static size_t mutate(char *body, size_t n, uint32_t *state)
{
    static const char likely[] = "\r\n-\0 \t;:=\"\\b";
    uint32_t n_changes = 1 + below(state, 4);

    for (uint32_t i = 0; i < n_changes; i++) {
        size_t at = below(state, (uint32_t)n - 20);
        size_t from = below(state, (uint32_t)n - 20);
        size_t length = 1 + below(state, 20);

        switch (below(state, 6)) {
        case 0:
            body[at] = (char)below(state, 256);
            break;
        case 1:
        case 2:
            body[at] = likely[below(state, sizeof likely - 1)];
            break;
        case 3:
            memmove(body + at, body + from, length);
            break;
        case 4:
            n -= below(state, 10) == 0 ? length : 0;
            n = n > 40 ? n : 40;
            break;
        default:
            memmove(body + at, body + at + 1, n - at - 1);
            n--;
            break;
        }
    }
    return n;
}

/* Whatever came: the same in one piece and in many, and no byte invented. */
START_TEST(mutations)
{
    static struct record whole;
    static struct record pieces;
    uint32_t state = 20240229;
    int n_feeds = 0;
    int counts[3] = {0, 0, 0};

    while (n_feeds < 200000) {
        char body[sizeof sample];
        struct multipart *multipart;
        bool is_whole = false;
        size_t n;
        enum multipart_result result = MULTIPART_OK;
        enum multipart_result wanted;

        memcpy(body, sample, sizeof body);
        n = mutate(body, sizeof body - 1, &state);
        wanted = read_form(TYPE, body, n, n, n, &whole, &is_whole);
        ck_assert_uint_le(whole.n, n);
        pieces.n = 0;
        multipart = create(TYPE, &pieces);
        for (size_t at = 0; at < n;) {
            size_t most = 1 + below(&state, 60);
            size_t size = most < n - at ? most : n - at;

            result = feed(multipart, body + at, size);
            at += size;
            n_feeds++;
        }
        ck_assert_int_eq(result, wanted);
        ck_assert_int_eq(multipart_is_whole(multipart), is_whole);
        ck_assert_uint_eq(pieces.n, whole.n);
        ck_assert_mem_eq(pieces.text, whole.text, whole.n);
        multipart_destroy(multipart);
        counts[is_whole ? 0 : result == MULTIPART_OK ? 1 : 2]++;
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_gt(counts[i], 100);
    }
}
END_TEST

START_TEST(memory)
{
    struct places places = {NULL, 0, 0};
    struct multipart *multipart = NULL;
    unsigned long wiped = support_wiped_bytes();
    unsigned long allocated;
    enum multipart_result result;

    (void)support_fail_allocation(1);
    result = multipart_create(&multipart, TYPE, &placing, &places);
    ck_assert(support_fail_allocation(0));
    ck_assert_int_eq(result, MULTIPART_NO_MEMORY);
    ck_assert_ptr_null(multipart);
    ck_assert_int_eq(multipart_create(&multipart, TYPE, &placing, &places),
                     MULTIPART_OK);
    allocated = support_allocations();
    result = multipart_feed(multipart, TEXT(sample));
    allocated = support_allocations() - allocated;
    ck_assert_int_eq(result, MULTIPART_OK);
    ck_assert_uint_eq(allocated, 0);
    ck_assert_uint_eq(support_wiped_bytes(), wiped);
    multipart_destroy(multipart);
    ck_assert_uint_ge(support_wiped_bytes(), wiped + 2048);
}
END_TEST

Suite *multipart_suite(void)
{
    Suite *suite = suite_create("multipart");
    TCase *tests = tcase_create("multipart");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, pieces_of_any_size);
    tcase_add_test(tests, what_only_looks_like_a_boundary);
    tcase_add_test(tests, every_short_content);
    tcase_add_test(tests, empty_forms_and_parts);
    tcase_add_test(tests, many_parts);
    tcase_add_test(tests, types_accepted);
    tcase_add_test(tests, types_refused);
    tcase_add_test(tests, names);
    tcase_add_test(tests, headers_refused);
    tcase_add_test(tests, line_ends_and_what_follows_a_boundary);
    tcase_add_test(tests, values_may_hold_anything);
    tcase_add_test(tests, floods);
    tcase_add_test(tests, no_beginning_is_whole);
    tcase_add_test(tests, callbacks_may_stop);
    tcase_add_test(tests, an_end_is_final);
    tcase_add_test(tests, bytes_are_handed_on_where_they_lie);
    tcase_add_test(tests, mutations);
    tcase_add_test(tests, memory);
    suite_add_tcase(suite, tests);
    return suite;
}
