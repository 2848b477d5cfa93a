// SPDX-License-Identifier: MIT
#include "server/config_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_value.h"

struct reader {
    struct config_draft *draft;
    int line;
    int lines[CONFIG_MAX_KEYS]; /* where each key stands, 0 for nowhere */
};

/* Say what is wrong with this line; always false. */
static bool refuse(const struct reader *reader, const char *sentence)
{
    (void)fprintf(reader->draft->errors, "aha serve: %s:%d: %s\n",
                  reader->draft->config.config_file, reader->line, sentence);
    return false;
}

static bool refuse_name(const struct reader *reader, const char *name)
{
    const struct config_key *near = config_nearest(name);
    char echo[CONFIG_MAX_ECHO];
    char sentence[CONFIG_MAX_ECHO + CONFIG_MAX_NAME + 64];

    (void)config_echo(name, echo);
    if (near == NULL) {
        (void)snprintf(sentence, sizeof sentence,
                       "there is no setting %s; see aha serve --help", echo);
    } else {
        (void)snprintf(sentence, sizeof sentence,
                       "there is no setting %s; did you mean %s?", echo,
                       near->name);
    }
    return refuse(reader, sentence);
}

static bool refuse_value(const struct reader *reader,
                         const struct config_key *key, const char *wrong)
{
    char accepted[CONFIG_MAX_ACCEPTED];
    char sentence[CONFIG_MAX_ACCEPTED + CONFIG_MAX_NAME + 128];

    config_accepted(key, accepted);
    (void)snprintf(sentence, sizeof sentence, "%s: %s; it takes %s", key->name,
                   wrong, accepted);
    return refuse(reader, sentence);
}

static char *skip_blanks(char *text)
{
    return text + strspn(text, " \t");
}

/* @return what is wrong with it, or NULL; *rest is what follows */
static const char *take_quoted(char *text, char *out, char **rest)
{
    size_t n = 0;

    for (text++; *text != '"'; text++) {
        if (*text == '\0') {
            return "the closing double quote is missing";
        }
        if (*text == '\\') {
            text++;
            if (*text != '"' && *text != '\\') {
                return "in double quotes, \\ stands before \" or \\ only";
            }
        }
        out[n++] = *text;
    }
    out[n] = '\0';
    *rest = text + 1;
    return NULL;
}

static const char *take_bare(const char *text, char *out, char **rest)
{
    size_t n = strcspn(text, " \t");

    if (n == 0 || *text == '#') {
        return "the value is missing, \"\" is an empty one";
    }
    memcpy(out, text, n);
    out[n] = '\0';
    *rest += n;
    return strpbrk(out, "\"\\#") == NULL
               ? NULL
               : "a value with \", \\ or # in it stands in double quotes";
}

static bool read_value(struct reader *reader, const struct config_key *key,
                       char *text)
{
    struct config_from from = {CONFIG_FROM_FILE, reader->line};
    int *before = &reader->lines[key - config_keys];
    char value[CONFIG_MAX_LINE + 1];
    char *rest = text;
    const char *wrong = *text == '"' ? take_quoted(text, value, &rest)
                                     : take_bare(text, value, &rest);

    if (wrong == NULL) {
        char *after = skip_blanks(rest);

        if (*after != '\0' && (*after != '#' || after == rest)) {
            wrong = "after the value comes nothing, or a space and # comment; "
                    "text with spaces stands in double quotes";
        }
    }
    if (wrong != NULL) {
        return refuse_value(reader, key, wrong);
    }
    if (*before != 0) {
        char sentence[CONFIG_MAX_NAME + 64];

        (void)snprintf(sentence, sizeof sentence,
                       "%s stands on line %d already", key->name, *before);
        return refuse(reader, sentence);
    }
    *before = reader->line;
    return config_set(reader->draft, key, from, value);
}

/* One line without its end. */
static bool read_line(struct reader *reader, char *text)
{
    char *name = skip_blanks(text);
    char *end = name + strcspn(name, " \t=");
    char *equals = skip_blanks(end);
    const struct config_key *key;

    if (*name == '\0' || *name == '#') {
        return true;
    }
    if (*name == '[') {
        return refuse(reader, "there are no sections; take this line out");
    }
    if (*equals != '=' || end == name) {
        return refuse(reader, "a line is: key = value, or # and a comment");
    }
    *end = '\0';
    key = config_find(name);
    if (key != NULL && config_is_file(key)) {
        return refuse(reader, "config stands on the command line or in "
                              "AHA_CONFIG only");
    }
    return key == NULL ? refuse_name(reader, name)
                       : read_value(reader, key, skip_blanks(equals + 1));
}

static bool is_line(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = 0;

        while (i + length < n && text[i + length] != '\t') {
            length++;
        }
        if (!config_is_text(text + i, length)) {
            return false;
        }
        i += length + 1;
    }
    return true;
}

bool config_read_text(struct config_draft *draft, const char *text, size_t n)
{
    struct reader reader = {.draft = draft};
    const char *stop = text + n;

    while (text < stop) {
        const char *end = memchr(text, '\n', (size_t)(stop - text));
        size_t length = (size_t)((end == NULL ? stop : end) - text);
        char line[CONFIG_MAX_LINE + 1];

        reader.line++;
        n = length > 0 && text[length - 1] == '\r' ? length - 1 : length;
        if (n > CONFIG_MAX_LINE) {
            return refuse(&reader, "the line is longer than 2048 bytes");
        }
        if (!is_line(text, n)) {
            return refuse(&reader, "the line is not UTF-8 text");
        }
        memcpy(line, text, n);
        line[n] = '\0';
        if (!read_line(&reader, line)) {
            return false;
        }
        text += length + (end == NULL ? 0 : 1);
    }
    return true;
}

static bool refuse_file(const struct config_draft *draft, const char *why)
{
    (void)fprintf(draft->errors, "aha serve: the configuration file %s %s\n",
                  draft->config.config_file, why);
    return false;
}

bool config_read_file(struct config_draft *draft)
{
    FILE *stream = fopen(draft->config.config_file, "rbe");
    char *text = NULL;
    bool is_read = false;
    size_t n;

    if (stream == NULL) {
        return refuse_file(draft, errno == ENOENT   ? "is not there"
                                  : errno == EACCES ? "may not be read"
                                                    : "cannot be read");
    }
    text = malloc(CONFIG_MAX_FILE + 1);
    if (text == NULL) {
        (void)refuse_file(draft, "does not fit into memory");
        goto out;
    }
    n = fread(text, 1, CONFIG_MAX_FILE + 1, stream);
    if (ferror(stream) != 0) {
        (void)refuse_file(draft, "cannot be read");
    } else if (n > CONFIG_MAX_FILE) {
        (void)refuse_file(draft, "is larger than 64 KiB");
    } else {
        is_read = config_read_text(draft, text, n);
    }
out:
    free(text);
    (void)fclose(stream);
    return is_read;
}
