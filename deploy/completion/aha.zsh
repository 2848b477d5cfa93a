#compdef aha
# SPDX-License-Identifier: MIT
# Completion of aha in zsh. Verbs and flags are what the program's own --help
# lists, so there is no second list to keep.

_aha()
{
    local -a found
    if ((CURRENT == 2)); then
        found=(${(f)"$($words[1] --help 2>/dev/null |
            sed -n 's/^  \([a-z]*\)  *\([^ ].*\)/\1:\2/p')"})
        _describe verb found
    elif [[ $words[CURRENT] == -* ]]; then
        found=(${(f)"$($words[1] $words[2] --help 2>/dev/null |
            sed -n -e 's/^  \(--[a-z0-9-]*\).*  \([^ ].*\)/\1:\2/p')"})
        found+=('--help:print what the verb takes')
        _describe -o flag found
    else
        _files
    fi
}
_aha "$@"
