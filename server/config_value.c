// SPDX-License-Identifier: MIT
#include "server/config_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "server/listen.h"

/* Bytes of the UTF-8 character at `text`, 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *text, size_t n)
{
    static const struct {
        unsigned char low, high; /* of the first byte */
        unsigned char length;
        unsigned char second_low, second_high;
    } forms[] = {
        {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf},
        {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
        {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
        {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
        {0xf4, 0xf4, 4, 0x80, 0x8f},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = forms[i].length;

        if (text[0] < forms[i].low || text[0] > forms[i].high) {
            continue;
        }
        if (length > n || (length > 1 && (text[1] < forms[i].second_low ||
                                          text[1] > forms[i].second_high))) {
            return 0;
        }
        for (size_t k = 2; k < length; k++) {
            if ((text[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return length;
    }
    return 0;
}

bool config_is_text(const char *text, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t i = 0; i < n;) {
        size_t length = utf8_length(bytes + i, n - i);

        if (length == 0 || (length == 1 && iscntrl(bytes[i]))) {
            return false;
        }
        i += length;
    }
    return true;
}

bool config_is_address(const char *text)
{
    struct sockaddr_storage address;

    return listen_address(text, 0, &address) > 0;
}

/* Skip the letters, digits and `others` at the cursor; false without any. */
static bool skip_word(const char **cursor, const char *others)
{
    const char *c = *cursor;

    while (islower((unsigned char)*c) || isdigit((unsigned char)*c) ||
           (*c != '\0' && strchr(others, *c) != NULL)) {
        c++;
    }
    if (c == *cursor) {
        return false;
    }
    *cursor = c;
    return true;
}

static bool skip_host(const char **cursor)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    size_t n;

    if (**cursor != '[') {
        return skip_word(cursor, "-.");
    }
    n = strcspn(*cursor, "]") - 1;
    if ((*cursor)[n + 1] != ']' || n >= sizeof text) {
        return false;
    }
    memcpy(text, *cursor + 1, n);
    text[n] = '\0';
    *cursor += n + 2;
    return inet_pton(AF_INET6, text, address) == 1;
}

/* As a browser writes it (RFC 6454, 6.2), to be compared byte by byte. */
bool config_is_origin(const char *text)
{
    char *end = NULL;
    long port;

    if (text[0] == '\0' || strcmp(text, "*") == 0) {
        return true;
    }
    if (!islower((unsigned char)*text) || !skip_word(&text, "+-.") ||
        strncmp(text, "://", 3) != 0) {
        return false;
    }
    text += 3;
    if (!skip_host(&text)) {
        return false;
    }
    if (*text == '\0') {
        return true;
    }
    if (*text != ':' || !isdigit((unsigned char)text[1]) || text[1] == '0') {
        return false;
    }
    port = strtol(text + 1, &end, 10);
    return *end == '\0' && port <= UINT16_MAX;
}

bool config_is_digest(const char *text)
{
    return text[0] == '\0' ||
           (strspn(text, "0123456789abcdef") == 64 && text[64] == '\0');
}

/* The place of a word of n bytes among "a|b|c", or -1. */
static int place_among(const char *choices, const char *word, size_t n)
{
    for (int place = 0;; place++) {
        size_t length = strcspn(choices, "|");

        if (length == n && memcmp(choices, word, n) == 0) {
            return place;
        }
        if (choices[length] == '\0') {
            return -1;
        }
        choices += length + 1;
    }
}

static bool is_list(const char *choices, const char *text)
{
    uint64_t seen = 0;

    for (;;) {
        size_t n = strcspn(text, ",");
        int place = place_among(choices, text, n);

        if (place < 0 || (seen >> place & 1) != 0) {
            return false;
        }
        seen |= UINT64_C(1) << place;
        if (text[n] == '\0') {
            return true;
        }
        text += n + 1;
    }
}

static bool is_integer(const char *text, int64_t *number)
{
    char *end = NULL;
    long long value;

    if (!isdigit((unsigned char)*text) && *text != '-') {
        return false; /* no spaces, no plus */
    }
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*end != '\0' || end[-1] == '-' || errno != 0) {
        return false;
    }
    *number = value;
    return true;
}

bool config_accepts(const struct config_key *key, const char *text,
                    int64_t *number)
{
    int64_t value = 0;
    bool is_taken = false;

    switch (key->kind) {
    case CONFIG_INTEGER:
        is_taken =
            is_integer(text, &value) && value >= key->low && value <= key->high;
        break;
    case CONFIG_NUMBER:
        is_taken = place_among(key->accepts, text, strlen(text)) >= 0 &&
                   is_integer(text, &value);
        break;
    case CONFIG_CHOICE:
        is_taken = strcmp(text, key->value) == 0 ||
                   place_among(key->accepts, text, strlen(text)) >= 0;
        break;
    case CONFIG_LIST:
        is_taken = is_list(key->accepts, text);
        break;
    case CONFIG_TEXT:
        is_taken = key->check(text);
        break;
    case CONFIG_PATH:
        is_taken = true;
        break;
    case CONFIG_GROUP:
        break;
    }
    if (is_taken) {
        *number = value;
    }
    return is_taken;
}
