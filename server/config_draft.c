// SPDX-License-Identifier: MIT
#include "server/config_draft.h"

#include <ctype.h>
#include <string.h>

#include "server/config_value.h"

const char *config_echo(const char *text, char out[CONFIG_MAX_ECHO])
{
    static const char cut[] = "...";
    size_t n = 0;

    for (; n < CONFIG_MAX_ECHO - sizeof cut && text[n] != '\0'; n++) {
        out[n] = isprint((unsigned char)text[n]) ? text[n] : '?';
    }
    memcpy(out + n, text[n] == '\0' ? "" : cut,
           text[n] == '\0' ? 1 : sizeof cut);
    return out;
}

const char *config_place(const struct config_draft *draft,
                         const struct config_key *key, struct config_from from,
                         char out[CONFIG_MAX_PLACE])
{
    switch (from.origin) {
    case CONFIG_FROM_FLAG:
        (void)snprintf(out, CONFIG_MAX_PLACE, "--%s", key->name);
        break;
    case CONFIG_FROM_ENVIRONMENT:
        config_env_name(key, out);
        break;
    case CONFIG_FROM_FILE:
        (void)snprintf(out, CONFIG_MAX_PLACE, "%s:%d: %s",
                       draft->config.config_file, from.line, key->name);
        break;
    case CONFIG_FROM_DEFAULT:
        (void)snprintf(out, CONFIG_MAX_PLACE, "the default");
        break;
    }
    return out;
}

static bool is_short_text(const char *text, const char *place, FILE *errors)
{
    size_t n = strlen(text);

    if (n < CONFIG_MAX_TEXT && config_is_text(text, n)) {
        return true;
    }
    (void)fprintf(errors,
                  "aha serve: %s takes at most %d bytes of UTF-8 without "
                  "control characters\n",
                  place, CONFIG_MAX_TEXT - 1);
    return false;
}

static void store(struct config *config, const struct config_key *key,
                  const char *text, int64_t number)
{
    char *field = (char *)config + key->offset;

    if (config_is_integer(key)) {
        memcpy(field, &number, sizeof number);
    } else {
        memset(field, 0, CONFIG_MAX_TEXT);
        memcpy(field, text, strlen(text) + 1);
    }
}

bool config_set(struct config_draft *draft, const struct config_key *key,
                struct config_from from, const char *text)
{
    struct config_from *last = &draft->from[key - config_keys];
    char place[CONFIG_MAX_PLACE];
    int64_t number = 0;

    (void)config_place(draft, key, from, place);
    if (!is_short_text(text, place, draft->errors)) {
        return false;
    }
    if (!config_accepts(key, text, &number)) {
        char accepted[CONFIG_MAX_ACCEPTED];
        char echo[CONFIG_MAX_ECHO];

        config_accepted(key, accepted);
        (void)fprintf(draft->errors, "aha serve: %s takes %s, not '%s'\n",
                      place, accepted, config_echo(text, echo));
        return false;
    }
    if (from.origin >= last->origin) {
        store(&draft->config, key, text, number);
        *last = from;
    }
    return true;
}
