# SPDX-License-Identifier: ISC
#
# Reads the tables (server/wire/tables/*.def) for the manual and the completion. tables_load(FOLDER, NAMES) leaves
#
#   rows[MACRO]            how many entries a macro has: rows["COMMAND"]
#   row[MACRO, n, i]       the i-th argument of its n-th entry; texts without quotes, adjoining ones joined
#
# and defines what is often asked for: word_next() reads usage texts as server/wire/usage.c does, explain() finds what
# options.def says of a word.

function tables_fault(text) {
    print "tables.awk: " text > "/dev/stderr"
    failed = 1
    exit 1
}

function tables_load(folder, names,    list, count, i) {
    count = split(names, list, " ")
    for (i = 1; i <= count; i++)
        table_parse(list[i], table_text(folder "/" list[i] ".def"))
}

function table_text(file,    text, line) {
    text = ""
    while ((getline line < file) > 0)
        text = text line "\n"
    close(file)
    if (text == "")
        tables_fault("cannot read " file)
    return text
}

# Cuts entries from the text: MACRO(argument, ...), comments between them.
function table_parse(name, text,    at) {
    while (text !~ /^[ \n]*$/) {
        sub(/^[ \n]+/, "", text)
        if (substr(text, 1, 2) == "/*") {
            at = index(text, "*/")
            text = substr(text, at + 2)
        } else if (match(text, /^[A-Z]+\(/)) {
            text = table_entry(substr(text, 1, RLENGTH - 1), substr(text, RLENGTH + 1))
        } else {
            tables_fault(name ".def: what is \"" substr(text, 1, 40) "\"?")
        }
    }
}

# What is behind the entry.
function table_entry(macro, text,    n, i) {
    n = ++rows[macro]
    row[macro, n, i = 1] = ""
    for (;;) {
        sub(/^[ \n]+/, "", text)
        if (match(text, /^"([^"\\]|\\.)*"/)) {
            row[macro, n, i] = row[macro, n, i] text_of(substr(text, 2, RLENGTH - 2))
        } else if (match(text, /^[A-Za-z0-9_]+/)) {
            row[macro, n, i] = row[macro, n, i] substr(text, 1, RLENGTH)
        } else if (match(text, /^,/)) {
            row[macro, n, ++i] = ""
        } else if (match(text, /^\)/)) {
            return substr(text, 2)
        } else {
            tables_fault(macro ": what is \"" substr(text, 1, 40) "\"?")
        }
        text = substr(text, RLENGTH + 1)
    }
}

function text_of(quoted,    out, at) {
    out = ""
    while ((at = index(quoted, "\\")) > 0) {
        out = out substr(quoted, 1, at - 1) (substr(quoted, at + 1, 1) == "n" ? "\n" : substr(quoted, at + 1, 1))
        quoted = substr(quoted, at + 2)
    }
    return out quoted
}

# Reads the word at the front of a usage text: word["text"], "value" (of an option), "option", "optional", "repeated".
# Returns what is behind it; word["text"] is "" at the end.
function word_next(usage,    at, all) {
    sub(/^ +/, "", usage)
    word["optional"] = substr(usage, 1, 1) == "["
    if (word["optional"])
        usage = substr(usage, 2)
    at = word["optional"] ? index(usage, "]") : index(usage " ", " ")
    all = substr(usage, 1, at - 1)
    word["option"] = substr(all, 1, 1) == "-"
    word["repeated"] = !word["option"] && sub(/\.\.\.$/, "", all)
    word["value"] = ""
    word["text"] = all
    if (word["option"] && index(all, " ") > 0) {
        word["text"] = substr(all, 1, index(all, " ") - 1)
        word["value"] = substr(all, index(all, " ") + 1)
    }
    return substr(usage, at + 1)
}

# The row of options.def for that word of a command or program; 0 for none.
function explain(name, text,    i) {
    for (i = 1; i <= rows["OPTION"]; i++)
        if (row["OPTION", i, 2] == text && index(" " row["OPTION", i, 1] " ", " " name " ") > 0)
            return i
    return 0
}

# The number of the entry whose i-th argument is `value`; 0 for none.
function row_of(macro, i, value,    n) {
    for (n = 1; n <= rows[macro]; n++)
        if (row[macro, n, i] == value)
            return n
    return 0
}
