// SPDX-License-Identifier: MIT
#include "server/config_print.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_COLUMNS = 79 };

/* Words in lines of MAX_COLUMNS, each behind `lead`; the first line has begun
 * at this column already. */
static void wrap(FILE *output, const char *lead, size_t column,
                 const char *text)
{
    bool is_first = true;

    while (*text != '\0') {
        size_t n = strcspn(text, " ");

        if (!is_first && column + 1 + n > MAX_COLUMNS) {
            (void)fprintf(output, "\n%s", lead);
            column = strlen(lead);
            is_first = true;
        }
        (void)fprintf(output, "%s%.*s", is_first ? "" : " ", (int)n, text);
        column += n + (is_first ? 0 : 1);
        is_first = false;
        text += n + strspn(text + n, " ");
    }
    (void)fputc('\n', output);
}

static const char indent[] = "                         ";

static void print_flag(FILE *output, const char *name, const char *help)
{
    (void)fprintf(output, "  --%-20s ", name);
    wrap(output, indent, sizeof indent - 1, help);
}

void config_print_help(FILE *output)
{
    (void)fputs(
        "usage: aha serve [OPTION]...\n\n"
        "Answer photos over HTTP: POST /v1/analyze. A second listener has "
        "/livez, /readyz\nand /metrics for the platform. SIGTERM finishes "
        "what was accepted, then stops.\n",
        output);
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        char env[CONFIG_MAX_NAME];

        if (key->kind == CONFIG_GROUP) {
            (void)fprintf(output, "\n%s\n", key->name);
            continue;
        }
        config_env_name(key, env);
        print_flag(output, key->name, key->help);
        (void)fputs(indent, output);
        if (key->kind == CONFIG_INTEGER) {
            (void)fprintf(output, "%" PRId64 " to %" PRId64 " ", key->low,
                          key->high);
        }
        if (key->value[0] != '\0') {
            (void)fprintf(output, "[%s] ", key->value);
        }
        (void)fprintf(output, "$%s\n", env);
    }
    print_flag(output, "print-config",
               "print every setting as such a file, with where it came from, "
               "and stop");
    print_flag(output, "help", "print this and stop");
    (void)fputs("\nA flag wins over its environment variable, that over the "
                "file, that over the\n[default].\n",
                output);
}

static void print_text(FILE *output, const char *text)
{
    (void)fputc('"', output);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', output);
        }
        (void)fputc(*text, output);
    }
    (void)fputs("\"\n", output);
}

static void print_setting(const struct config_draft *draft,
                          const struct config_key *key, FILE *output)
{
    const char *field = (const char *)&draft->config + key->offset;
    struct config_from from = draft->from[key - config_keys];
    char place[CONFIG_MAX_PLACE];

    (void)fputs("\n# ", output);
    wrap(output, "# ", 2, key->help);
    (void)fprintf(output, "# from %s\n", config_place(draft, key, from, place));
    (void)fprintf(output, "%s = ", key->name);
    if (config_is_integer(key)) {
        int64_t number;

        memcpy(&number, field, sizeof number);
        (void)fprintf(output, "%" PRId64 "\n", number);
    } else {
        print_text(output, field);
    }
}

void config_print(const struct config_draft *draft, FILE *output)
{
    const char *title = NULL;

    (void)fputs("# The settings of aha serve, as a file for --config.\n",
                output);
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];

        if (key->kind == CONFIG_GROUP) {
            title = key->name;
            continue;
        }
        if (config_is_file(key)) {
            continue; /* a file does not name itself */
        }
        if (title != NULL) {
            (void)fprintf(output, "\n# ---- %s\n", title);
            title = NULL;
        }
        print_setting(draft, key, output);
    }
}
