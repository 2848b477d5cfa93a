# SPDX-License-Identifier: MIT
# Completion of aha in bash. Verbs and flags are what the program's own --help
# lists, so there is no second list to keep.

_aha()
{
    local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} words
    compopt -o default 2>/dev/null
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        words=$("$program" --help 2>/dev/null |
            sed -n 's/^  \([a-z]*\)  .*/\1/p')
    elif [[ $current == -* ]]; then
        words="$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
            sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p') --help"
    else
        return # file names
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _aha aha
