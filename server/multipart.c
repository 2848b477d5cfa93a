// SPDX-License-Identifier: MIT
/*
 * DESIGN. A part ends where CR LF "--" and the boundary stand. No boundary has
 * a CR in it, so bytes that only began like this delimiter cannot hold the
 * beginning of another, and whatever was kept back of earlier pieces is the
 * delimiter's own beginning: it is counted, not stored. The CR LF may also be
 * the one that ends the part's headers, or be missing before the first part;
 * it counts as seen there, but is no byte of the part.
 */
#include "server/multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_BOUNDARY = 70, /* RFC 2046 */
    MAX_PREAMBLE = 1024,
    MAX_HEADER = 2048, /* of a part, with its line ends */
    MAX_LINES = 16,
};

#define ALNUM                                                                  \
    "abcdefghijklmnopqrstuvwxyz"                                               \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
static const char token_characters[] = ALNUM "!#$%&'*+-.^_`|~";
static const char boundary_characters[] = ALNUM "'()+_,-./:=? ";

enum place {
    IN_PREAMBLE,
    IN_CONTENT,
    AFTER_BOUNDARY, /* right behind it */
    IN_PADDING,     /* spaces up to the boundary's line end */
    IN_LINE_END,    /* between its CR and LF */
    IN_LAST_DASHES, /* between those that follow the last boundary */
    IN_HEADER,
    IN_EPILOGUE,
    NOWHERE, /* that is allowed */
};

struct multipart {
    struct multipart_callbacks callbacks;
    void *data;
    enum multipart_result result;
    enum place place;
    char delimiter[4 + MAX_BOUNDARY];
    size_t n_delimiter;
    size_t n_matched; /* of the delimiter, at the end of what was fed */
    size_t n_assumed; /* of those, that are no bytes of the part */
    size_t n_preamble;
    char header[MAX_HEADER]; /* of the part, all lines */
    size_t n_header;
    size_t line; /* where the last of them begins */
    int n_lines;
    const char *name; /* in the header; NULL: not yet */
};

/* One `name=value` behind a semicolon. */
struct parameter {
    const char *name;
    size_t n_name; /* 0: there are no more */
    const char *value;
    size_t n_value; /* of a quoted one, what is between the quotes */
};

static bool equals(const char *text, size_t n, const char *wanted)
{
    return n == strlen(wanted) && strncasecmp(text, wanted, n) == 0;
}

/* @return the end of the value at `text`, NULL when there is none */
static const char *read_value(const char *text, struct parameter *out)
{
    if (*text != '"') {
        out->value = text;
        out->n_value = strspn(text, token_characters);
        return out->n_value > 0 ? text + out->n_value : NULL;
    }
    out->value = ++text;
    while (*text != '"') {
        text += *text == '\\' ? 1 : 0;
        if (*text == '\0') {
            return NULL;
        }
        text++;
    }
    out->n_value = (size_t)(text - out->value);
    return text + 1;
}

/* Read the next parameter and move on; false when it is none. */
static bool read_parameter(const char **text, struct parameter *out)
{
    const char *at = *text + strspn(*text, " \t");

    *out = (struct parameter){0};
    if (*at != ';' && *at != '\0') {
        return false;
    }
    at += strspn(at, "; \t");
    *text = at;
    if (*at == '\0') {
        return true;
    }
    out->name = at;
    out->n_name = strspn(at, token_characters);
    if (out->n_name == 0 || at[out->n_name] != '=') {
        return false;
    }
    *text = read_value(at + out->n_name + 1, out);
    return *text != NULL;
}

/* The one parameter of this name among those of a header, or false. */
static bool find_parameter(const char *text, const char *name,
                           struct parameter *out)
{
    struct parameter next;

    out->n_name = 0;
    do {
        if (!read_parameter(&text, &next)) {
            return false;
        }
        if (equals(next.name, next.n_name, name)) {
            if (out->n_name > 0) {
                return false;
            }
            *out = next;
        }
    } while (next.n_name > 0);
    return out->n_name > 0;
}

/* The bytes that begin every part but the first, and end the last. */
static bool set_delimiter(struct multipart *multipart, const char *content_type)
{
    static const char type[] = "multipart/form-data";
    struct parameter boundary;

    if (content_type == NULL ||
        strncasecmp(content_type, type, strlen(type)) != 0 ||
        !find_parameter(content_type + strlen(type), "boundary", &boundary) ||
        boundary.n_value == 0 || boundary.n_value > MAX_BOUNDARY ||
        strspn(boundary.value, boundary_characters) < boundary.n_value ||
        boundary.value[boundary.n_value - 1] == ' ') {
        return false;
    }
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.value, boundary.n_value);
    multipart->n_delimiter = 4 + boundary.n_value;
    return true;
}

/* What follows may be the delimiter, of which a CR LF need not come. */
static void begin_search(struct multipart *multipart, enum place place)
{
    multipart->place = place;
    multipart->n_matched = 2;
    multipart->n_assumed = 2;
}

enum multipart_result multipart_create(
    struct multipart **out, const char *content_type,
    const struct multipart_callbacks *callbacks, void *data)
{
    struct multipart *multipart = calloc(1, sizeof *multipart);

    if (multipart == NULL) {
        return MULTIPART_NO_MEMORY;
    }
    if (!set_delimiter(multipart, content_type)) {
        free(multipart);
        return MULTIPART_MALFORMED;
    }
    multipart->callbacks = *callbacks;
    multipart->data = data;
    begin_search(multipart, IN_PREAMBLE);
    *out = multipart;
    return MULTIPART_OK;
}

void multipart_destroy(struct multipart *multipart)
{
    if (multipart != NULL) {
        explicit_bzero(multipart, sizeof *multipart);
        free(multipart);
    }
}

/* Without the backslashes of a quoted string; `out` may be the value. */
static void unquote(const struct parameter *parameter, char *out)
{
    const char *value = parameter->value;
    size_t n = 0;

    for (size_t i = 0; i < parameter->n_value; i++) {
        if (value[i] == '\\' && (value[i + 1] == '\\' || value[i + 1] == '"')) {
            i++;
        }
        out[n++] = value[i];
    }
    out[n] = '\0';
}

static bool read_disposition(struct multipart *multipart, const char *text)
{
    size_t n = strspn(text, token_characters);
    struct parameter name;
    char *out;

    if (multipart->name != NULL || !equals(text, n, "form-data") ||
        !find_parameter(text + n, "name", &name)) {
        return false;
    }
    out = multipart->header + (name.value - multipart->header);
    unquote(&name, out);
    multipart->name = out;
    return true;
}

/* The part's bytes are taken as they are. */
static bool is_plain(const char *encoding)
{
    size_t n = strcspn(encoding, " \t");

    return encoding[n + strspn(encoding + n, " \t")] == '\0' &&
           (equals(encoding, n, "binary") || equals(encoding, n, "8bit") ||
            equals(encoding, n, "7bit"));
}

/* One header, without its line end. */
static bool read_header(struct multipart *multipart, const char *line)
{
    size_t n = strspn(line, token_characters);
    const char *value;

    if (n == 0 || line[n] != ':' || ++multipart->n_lines > MAX_LINES) {
        return false;
    }
    value = line + n + 1;
    value += strspn(value, " \t");
    if (equals(line, n, "Content-Disposition")) {
        return read_disposition(multipart, value);
    }
    return !equals(line, n, "Content-Transfer-Encoding") || is_plain(value);
}

static enum multipart_result end_header(struct multipart *multipart)
{
    if (multipart->name == NULL) {
        return MULTIPART_MALFORMED;
    }
    begin_search(multipart, IN_CONTENT);
    return multipart->callbacks.begin(multipart->data, multipart->name)
               ? MULTIPART_OK
               : MULTIPART_STOPPED;
}

/* No other control characters; beyond ASCII is UTF-8 or what it may be. */
static bool may_be_in_header(char byte)
{
    unsigned char code = (unsigned char)byte;

    return (code >= ' ' && code != 0x7f) || byte == '\t' || byte == '\r' ||
           byte == '\n';
}

static enum multipart_result take_header(struct multipart *multipart, char byte)
{
    char *line = multipart->header + multipart->line;
    size_t n = multipart->n_header - multipart->line;
    bool is_after_cr = n > 0 && line[n - 1] == '\r';

    if (is_after_cr != (byte == '\n') || !may_be_in_header(byte) ||
        multipart->n_header == MAX_HEADER) {
        return MULTIPART_MALFORMED;
    }
    line[n] = byte;
    multipart->n_header++;
    if (byte != '\n') {
        return MULTIPART_OK;
    }
    if (n == 1) {
        return end_header(multipart);
    }
    line[n - 1] = '\0';
    multipart->line = multipart->n_header;
    return read_header(multipart, line) ? MULTIPART_OK : MULTIPART_MALFORMED;
}

static void begin_header(struct multipart *multipart)
{
    multipart->n_header = 0;
    multipart->line = 0;
    multipart->n_lines = 0;
    multipart->name = NULL;
}

/* Where a byte leads that follows a boundary. */
static enum place next_place(enum place place, char byte)
{
    switch (place) {
    case IN_LINE_END:
        return byte == '\n' ? IN_HEADER : NOWHERE;
    case IN_LAST_DASHES:
        return byte == '-' ? IN_EPILOGUE : NOWHERE;
    default:
        if (byte == '-' && place == AFTER_BOUNDARY) {
            return IN_LAST_DASHES;
        }
        if (byte == '\r') {
            return IN_LINE_END;
        }
        return byte == ' ' || byte == '\t' ? IN_PADDING : NOWHERE;
    }
}

/* One byte of what stands between two parts' contents. */
static enum multipart_result step(struct multipart *multipart, char byte)
{
    if (multipart->place == IN_HEADER) {
        return take_header(multipart, byte);
    }
    multipart->place = next_place(multipart->place, byte);
    if (multipart->place == IN_HEADER) {
        begin_header(multipart);
    }
    return multipart->place == NOWHERE ? MULTIPART_MALFORMED : MULTIPART_OK;
}

/* These bytes are no delimiter. */
static enum multipart_result deliver(struct multipart *multipart,
                                     const char *bytes, size_t n)
{
    if (n == 0) {
        return MULTIPART_OK;
    }
    if (multipart->place == IN_PREAMBLE) {
        multipart->n_preamble += n;
        return multipart->n_preamble > MAX_PREAMBLE ? MULTIPART_MALFORMED
                                                    : MULTIPART_OK;
    }
    return multipart->callbacks.bytes(multipart->data, bytes, n)
               ? MULTIPART_OK
               : MULTIPART_STOPPED;
}

/* How many bytes go on with a delimiter of which n_matched are there. */
static size_t match(const struct multipart *multipart, const char *bytes,
                    size_t n)
{
    const char *rest = multipart->delimiter + multipart->n_matched;
    size_t n_rest = multipart->n_delimiter - multipart->n_matched;
    size_t i = 0;

    while (i < n && i < n_rest && bytes[i] == rest[i]) {
        i++;
    }
    return i;
}

/* Bytes up to the next delimiter, or to what may be the beginning of one. */
static size_t find(struct multipart *multipart, const char *bytes, size_t n,
                   size_t at)
{
    const char *cr;

    while ((cr = memchr(bytes + at, '\r', n - at)) != NULL) {
        size_t first = (size_t)(cr - bytes);
        size_t matched = match(multipart, cr, n - first);

        if (matched == multipart->n_delimiter || matched == n - first) {
            multipart->n_matched = matched;
            return first;
        }
        at = first + matched;
    }
    return n;
}

/* A part's content, or the preamble, up to the delimiter. */
static enum multipart_result search(struct multipart *multipart,
                                    const char *bytes, size_t n, size_t *n_used)
{
    size_t kept = multipart->n_matched - multipart->n_assumed;
    size_t matched = match(multipart, bytes, n);
    bool is_content = multipart->place == IN_CONTENT;
    enum multipart_result result = MULTIPART_OK;

    *n_used = matched;
    multipart->n_matched += matched;
    if (multipart->n_matched < multipart->n_delimiter && matched < n) {
        const char *earlier = multipart->delimiter + multipart->n_assumed;

        multipart->n_matched = 0;
        multipart->n_assumed = 0;
        result = deliver(multipart, earlier, kept);
        if (result == MULTIPART_OK) {
            size_t before = find(multipart, bytes, n, matched);

            *n_used = before + multipart->n_matched;
            result = deliver(multipart, bytes, before);
        }
    }
    if (result != MULTIPART_OK ||
        multipart->n_matched < multipart->n_delimiter) {
        return result;
    }
    multipart->place = AFTER_BOUNDARY;
    return !is_content || multipart->callbacks.end(multipart->data)
               ? MULTIPART_OK
               : MULTIPART_STOPPED;
}

enum multipart_result multipart_feed(struct multipart *multipart,
                                     const char *bytes, size_t n)
{
    while (n > 0 && multipart->result == MULTIPART_OK &&
           multipart->place != IN_EPILOGUE) {
        size_t n_used = 1;

        if (multipart->place == IN_PREAMBLE || multipart->place == IN_CONTENT) {
            multipart->result = search(multipart, bytes, n, &n_used);
        } else {
            multipart->result = step(multipart, *bytes);
        }
        bytes += n_used;
        n -= n_used;
    }
    return multipart->result;
}

bool multipart_is_whole(const struct multipart *multipart)
{
    return multipart->result == MULTIPART_OK && multipart->place == IN_EPILOGUE;
}
