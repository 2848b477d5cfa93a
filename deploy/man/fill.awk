# SPDX-License-Identifier: MIT
#
# Fills the frame of a manual page, so that a page cannot say anything but what
# the program and the headers say:
#
#   @version      the version, @date its date
#   @help VERB    what `aha VERB --help` prints, as roff
#   @header NAME  the declarations and comments of include/aha/NAME.h
#
#   awk -v aha=build/release/aha -v version=0.1.0 -v date=2026-01-31 \
#       -f fill.awk aha.1.in

function escape(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    sub(/^\./, "\\\\\\&.", text)
    return text
}

function fail(message)
{
    print "fill.awk: " message > "/dev/stderr"
    failed = 1
    exit 1
}

# ---- @help

# A line of text; the first of a paragraph says so.
function say(text)
{
    if (is_new && last != "TP") {
        print ".PP"
    }
    is_new = 0
    last = "text"
    print escape(text)
}

function term(text)
{
    print ".TP"
    print ".B " escape(text)
    last = "TP"
    is_new = 0
}

function help_line(line, next_line,    name, at)
{
    if (line == "") {
        is_new = 1
    } else if (line ~ /^usage: /) {
        print ".B " escape(substr(line, 8))
    } else if (line ~ /^  [^ ]/) {
        at = match(substr(line, 3), /  +/)
        name = at ? substr(line, 3, at - 1) : substr(line, 3)
        term(name)
        if (at) {
            is_new = 0
            say(substr(line, 2 + at + RLENGTH))
        }
    } else if (line ~ /^      /) {
        sub(/^ +/, "", line)
        if (line ~ /\$AHA_[A-Z_0-9]+$/) {
            print ".br"
        }
        say(line)
    } else if (next_line ~ /^  -/) {
        print ".SS " escape(line)
        is_new = 0
    } else {
        say(line)
    }
}

function help(verb,    command, line, lines, n, i)
{
    command = aha " " verb " --help"
    n = 0
    while ((command | getline line) > 0) {
        lines[++n] = line
    }
    if (close(command) != 0 || n == 0) {
        fail(command " failed")
    }
    is_new = 0
    last = ""
    for (i = 1; i <= n; i++) {
        help_line(lines[i], i < n ? lines[i + 1] : "")
    }
}

# ---- @header

function comment_line(line)
{
    sub(/^ *(\/\*\*?|\*\/|\*) ?/, "", line)
    sub(/ *\*\/$/, "", line)
    if (line ~ /^ *@param /) {
        sub(/^ *@param /, "", line)
        match(line, /^[^ ]+/)
        print ".TP"
        print ".I " escape(substr(line, 1, RLENGTH))
        line = substr(line, RLENGTH + 1)
        is_new = 0
    } else if (line ~ /^@return/) {
        print ".PP"
        sub(/^@return/, "Returns", line)
        is_new = 0
    }
    sub(/^ +/, "", line)
    if (line == "") {
        is_new = 1
    } else {
        if (is_new) {
            print ".PP"
        }
        is_new = is_first = 0
        print escape(line)
    }
}

# A declaration as it stands, then the comment that stood over it.
function flush_block(    i)
{
    if (n_code > 0) {
        if (!is_first) {
            print ".PP"
        }
        is_first = 0
        print ".nf"
        for (i = 1; i <= n_code; i++) {
            print escape(code[i])
        }
        print ".fi"
        is_new = 1
        for (i = 1; i <= n_comment; i++) {
            comment_line(comment[i])
        }
    }
    n_code = n_comment = 0
}

function header(name,    path, line, is_comment, is_top, depth)
{
    path = "include/aha/" name ".h"
    print ".SH <aha/" name ".h>"
    is_top = is_first = 1
    is_new = 0
    n_code = n_comment = depth = is_comment = 0
    while ((getline line < path) > 0) {
        if (line ~ /^\/\/ SPDX/ || line ~ /^#if|^#endif|^#else|^#include/ ||
            line ~ /^#define AHA_[A-Z_]+_H$/ ||
            line ~ /^#define AHA_(MUST_CHECK|PRINTF)/) {
            continue
        }
        if (line ~ /^ *\/\*/ && depth == 0) {
            if (!is_top) {
                flush_block()
            }
            is_comment = 1
        }
        if (is_comment) {
            if (is_top) {
                if (line !~ /^\/\*$/ && line !~ /^ \*\/$/) {
                    sub(name "\\.h - ", "", line)
                    comment_line(line)
                }
            } else {
                comment[++n_comment] = line
            }
            if (line ~ /\*\/ *$/) {
                is_comment = is_top = 0
            }
            continue
        }
        if (line == "") {
            if (depth == 0) {
                flush_block()
            }
            continue
        }
        depth += gsub(/{/, "{", line) - gsub(/}/, "}", line)
        sub(/ AHA_MUST_CHECK;/, ";", line)
        sub(/ AHA_PRINTF\([^)]*\);/, ";", line)
        code[++n_code] = line
    }
    if (close(path) != 0) {
        fail("no " path)
    }
    flush_block()
}

/^@help/ {
    help($2)
    next
}
/^@header/ {
    header($2)
    next
}
{
    gsub(/@version/, version)
    gsub(/@date/, date)
    print
}
END {
    exit failed
}
