// SPDX-License-Identifier: MIT
/*
 * Sources: RFC 9112, 2.2, 3.2, 5, 6.1, 6.3; RFC 9110, 5.5, 10.1.1.
 */
#include "server/http_message.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char token[] = LETTERS "0123456789!#$%&'*+-.^_`|~";
static const char authority[] = LETTERS "0123456789-._~!$&'()*+,;=:[]";
static const char hex[] = "0123456789abcdefABCDEF";

enum { LINE_END = 2 }; /* CR LF, which the library turns into zeros */

/* "http://host" of the absolute form, in bytes; 0 for any other. */
static size_t absolute_length(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]);

        if (strncasecmp(target, schemes[i], n) == 0) {
            size_t host = strspn(target + n, authority);

            return host > 0 && strchr("/?", target[n + host]) != NULL ? n + host
                                                                      : 0;
        }
    }
    return 0;
}

/* Of the path an escaped slash is refused too: it is none, once decoded. */
static bool is_escape(const char *at, bool is_in_path)
{
    return strspn(at + 1, hex) >= 2 && memcmp(at + 1, "00", 2) != 0 &&
           !(is_in_path && strncasecmp(at + 1, "2f", 2) == 0);
}

/* Visible ASCII, and no escape that is none or a NUL. */
static bool is_clean(const char *target)
{
    size_t n_path = strcspn(target, "?");

    for (const char *c = target; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~' ||
            (*c == '%' && !is_escape(c, c < target + n_path))) {
            return false;
        }
    }
    return true;
}

void message_read_target(struct client *client, const char *target)
{
    client->target = target;
    client->n_target = target == NULL ? 0 : strlen(target);
    client->path_at = target == NULL ? 0 : absolute_length(target);
    client->is_target_good =
        target != NULL && is_clean(target) &&
        (client->path_at > 0 || target[0] == '/' || strcmp(target, "*") == 0);
}

/* A head whose fields are being looked at. */
struct head {
    const char *next; /* where the next line has to begin */
    const char *host;
    const char *coding;
    const char *expectation;
    const char *why; /* it is refused; NULL: it is not */
    int n_hosts;
    int n_lengths;
    int n_codings;
};

/*
 * The library cuts a value at a NUL, joins a folded line to the wrong place and
 * takes LF alone for an end. Its texts lie where they were received, so each
 * must follow the one before, with nothing between.
 */
static bool is_in_place(struct head *head, const char *name, size_t n_name,
                        const char *value, size_t n_value)
{
    uintptr_t gap = (uintptr_t)value - (uintptr_t)name - n_name;

    if (name != head->next || gap == 0 ||
        gap - 1 > strspn(name + n_name + 1, " \t")) {
        return false;
    }
    head->next = value + n_value + LINE_END;
    return true;
}

static bool is_text(const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)value[i];

        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_named(const char *name, const char *wanted)
{
    return strcasecmp(name, wanted) == 0;
}

static enum MHD_Result look(void *data, enum MHD_ValueKind kind,
                            const char *name, size_t n_name, const char *value,
                            size_t n_value)
{
    struct head *head = data;

    (void)kind;
    if (!is_in_place(head, name, n_name, value, n_value)) {
        head->why = "A line of the head is folded, holds a NUL or does not end "
                    "in CR LF.";
        return MHD_NO;
    }
    if (n_name == 0 || strspn(name, token) != n_name ||
        !is_text(value, n_value)) {
        head->why = "A header's name is no token, or its value no text.";
        return MHD_NO;
    }
    if (is_named(name, MHD_HTTP_HEADER_HOST)) {
        head->host = value;
        head->n_hosts++;
    } else if (is_named(name, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        head->n_lengths++;
    } else if (is_named(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        head->coding = value;
        head->n_codings++;
    } else if (is_named(name, MHD_HTTP_HEADER_EXPECT)) {
        head->expectation = value;
    }
    return MHD_YES;
}

static bool is_host(const char *value)
{
    size_t n = strspn(value, authority);

    return value[n + strspn(value + n, " \t")] == '\0';
}

/* The body's length may be told in one way alone, or two readers may differ. */
static const char *framing_mistake(const struct head *head, bool is_1_0)
{
    if (head->n_lengths + head->n_codings > 1) {
        return "The body's length is told more than once.";
    }
    if (head->n_codings > 0 && is_1_0) {
        return "HTTP/1.0 has no Transfer-Encoding.";
    }
    return NULL;
}

static const char *host_mistake(const struct head *head, bool is_1_0)
{
    if (head->n_hosts > 1 || (head->n_hosts == 0 && !is_1_0)) {
        return "The request must have one Host.";
    }
    return head->host != NULL && !is_host(head->host)
               ? "Host must be a name or an address, and perhaps a port."
               : NULL;
}

/* Whether the body ends where "chunked" says, whatever else was done to it. */
static bool ends_chunked(const char *coding)
{
    static const char chunked[] = ", chunked";
    size_t n = strlen(coding);
    size_t wanted = sizeof chunked - 1;

    return n > wanted && strcasecmp(coding + n - wanted, chunked) == 0;
}

static void check_coding(struct job *job, const struct head *head)
{
    if (head->coding == NULL || strcasecmp(head->coding, "chunked") == 0) {
        return;
    }
    if (ends_chunked(head->coding)) {
        failure_set(&job->failure, PROBLEM_NOT_IMPLEMENTED,
                    "The one Transfer-Encoding that is read is chunked.");
    } else {
        failure_set(&job->failure, PROBLEM_MALFORMED_REQUEST,
                    "A Transfer-Encoding must end in chunked.");
    }
}

void message_check(struct job *job, struct MHD_Connection *connection,
                   const struct client *client, const char *method,
                   const char *version)
{
    bool is_1_0 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct head head = {.next = version + strlen(version) + LINE_END};

    if (!client->is_target_good ||
        client->target != method + strlen(method) + 1 ||
        version != client->target + client->n_target + 1) {
        head.why = "The target must be a path or an http URL in visible ASCII, "
                   "one space before and after it, with two hexadecimal digits "
                   "after each %, not %00, and in its path not %2F.";
    } else {
        (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look,
                                          &head);
    }
    if (head.why == NULL &&
        (info == NULL || head.next + LINE_END != method + info->header_size)) {
        head.why = "The head of the request holds a NUL or does not end in "
                   "CR LF twice.";
    }
    head.why = head.why != NULL ? head.why : host_mistake(&head, is_1_0);
    head.why = head.why != NULL ? head.why : framing_mistake(&head, is_1_0);
    if (head.why != NULL) {
        failure_set(&job->failure, PROBLEM_MALFORMED_REQUEST, "%s", head.why);
        return;
    }
    check_coding(job, &head);
    if (head.expectation != NULL && !is_1_0 &&
        strcasecmp(head.expectation, "100-continue") != 0) {
        failure_set(&job->failure, PROBLEM_EXPECTATION_FAILED,
                    "The one expectation that is met is 100-continue.");
    }
}
