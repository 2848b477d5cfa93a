// SPDX-License-Identifier: MIT
/*
 * options_md.c - writes docs/options.md from the table of settings, so that
 * the document cannot say anything else: `make docs`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_keys.h"

static const char introduction[] =
    "<!-- Written by `make docs` from server/config.def; edit that. -->\n"
    "# Settings of `aha serve`\n"
    "\n"
    "Each setting is a flag, an environment variable and a key of the\n"
    "configuration file, and means the same in each: `--max-faces 8` or\n"
    "`--max-faces=8`, `AHA_MAX_FACES=8`, or the line `max-faces = 8`. A flag\n"
    "wins over the environment, the environment over the file, the file over\n"
    "the default; of one flag given twice, the last counts.\n"
    "\n"
    "- `aha serve --help` lists them.\n"
    "- `aha serve --print-config` prints them all as they would be, each with\n"
    "  where it came from, in the form of the configuration file, and stops\n"
    "  without starting. What it prints can be kept as a file for `--config`.\n"
    "- A value must be valid wherever it stands, also where another place\n"
    "  overrides it. A mistake is one line on standard error that names the\n"
    "  place and what is accepted, and exit status 2.\n"
    "- Secrets are in files; no setting holds one.\n"
    "\n"
    "## The configuration file\n"
    "\n"
    "`--config FILE` or `AHA_CONFIG` names it; without either, none is read.\n"
    "\n"
    "```ini\n"
    "# comment\n"
    "port = 8443\n"
    "formats = jpeg,png           # comment after a value and a space\n"
    "models = \"/srv/our models\"   # quotes where a value has a space\n"
    "```\n"
    "\n"
    "It is UTF-8 of at most 64 KiB, a line at most 2048 bytes. A value is "
    "bare\n"
    "when it has no space, `\"`, `\\` or `#` in it, and in double quotes\n"
    "otherwise, where `\\\"` and `\\\\` stand for a quote and a backslash.\n"
    "`\"\"` is an empty value. A key stands once. There are no sections.\n"
    "\n"
    "## The environment\n"
    "\n"
    "A variable that begins with `AHA_` and is nearly the name of a setting "
    "is\n"
    "refused as a misspelt one. Any other is taken for somebody else's and is\n"
    "ignored.\n"
    "\n"
    "Kubernetes gives every container variables named after each Service of\n"
    "its namespace: one called `aha` makes an `AHA_PORT` like\n"
    "`tcp://10.0.0.1:8080`, which is no port and is refused. Set\n"
    "`enableServiceLinks: false` in the pod, or name the Service otherwise.\n";

/* A text in a cell of a table. */
static void print_cell(const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("|*<_", *text) != NULL) {
            (void)putchar('\\');
        }
        (void)putchar(*text);
    }
}

static void print_row(const struct config_key *key)
{
    char accepted[CONFIG_MAX_ACCEPTED];
    char env[CONFIG_MAX_NAME];

    config_env_name(key, env);
    config_accepted(key, accepted);
    (void)printf("| `%s` | `%s` | ", key->name, env);
    (void)printf(key->value[0] == '\0' ? "empty" : "`%s`", key->value);
    (void)printf(" | ");
    print_cell(accepted);
    (void)printf(" | ");
    print_cell(key->help);
    (void)printf(" |\n");
}

int main(void)
{
    (void)fputs(introduction, stdout);
    for (int i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];

        if (key->kind == CONFIG_GROUP) {
            (void)printf("\n## %s\n\n"
                         "| setting | variable | default | takes | what |\n"
                         "|---|---|---|---|---|\n",
                         key->name);
        } else {
            print_row(key);
        }
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
