# SPDX-License-Identifier: ISC
#
# Makes a manual page (mdoc(7)) of its template: lines "@PART ARGUMENT@" are replaced.
#
#   @usage NAME@       synopsis of a program       @options NAME@   its operands and options, explained
#   @details NAME@     paragraphs of help.def      @examples NAME@  examples of help.def
#   @commands@         all of the commands         @exit NAME@      exit status
#   @roles@            all of the roles            @keys MAP@       keys of the configuration
#   @table MACRO@      kinds, services, places, formats: names and summaries
#   @text FILE@        a text file of the source: paragraphs, headings, indented blocks, tables of Markdown
#
# awk -f tables.awk -f manual.awk -v tables=FOLDER -v source=FOLDER TEMPLATE

BEGIN {
    failed = 0
    tables_load(tables, "commands formats help keys kinds options places programs roles services")
}

failed { exit 1 }

/^@.*@$/ {
    split(substr($0, 2, length($0) - 2), part, " ")
    put_part(part[1], part[2])
    next
}

{ print }

END { exit failed }

function put_part(part, argument) {
    if (part == "usage")
        put_usage(row["PROGRAM", row_of("PROGRAM", 2, argument), 3])
    else if (part == "options")
        put_options(argument, row["PROGRAM", row_of("PROGRAM", 2, argument), 3])
    else if (part == "details")
        put_details(argument)
    else if (part == "examples")
        put_examples(argument, 0)
    else if (part == "commands")
        put_commands()
    else if (part == "exit")
        put_exit(argument)
    else if (part == "roles")
        put_roles()
    else if (part == "keys")
        put_keys(argument)
    else if (part == "table")
        put_table(argument)
    else if (part == "text")
        put_file(source "/" argument)
    else
        tables_fault("no part is called " part)
}

# ---- text ----

# Backslashes are shown; `such words` are bold; -- is what one types.
function roff(text,    out, at, bold) {
    gsub(/\\/, "\\e", text)
    gsub(/--/, "\\-\\-", text)
    out = ""
    for (bold = 0; (at = index(text, "`")) > 0; bold = !bold) {
        out = out substr(text, 1, at - 1) (bold ? "\\fP" : "\\fB")
        text = substr(text, at + 1)
    }
    return out text
}

# The length of a word in mandoc's eyes, which spells out what is not ASCII.
function size(text,    plain) {
    plain = text
    return length(text) + 6 * gsub(/[\200-\377]+/, "", plain)
}

# Fills lines; a sentence begins a line of its own.
function put_text(text,    words, count, i, line) {
    count = split(roff(text), words, /[ \n]+/)
    line = ""
    for (i = 1; i <= count; i++) {
        if (words[i] == "")
            continue
        if (line != "" && (size(line) + 1 + size(words[i]) > 76 || (line ~ /[.?!]\)?$/ && line !~ / [a-z]\.$/))) {
            put_line(line)
            line = ""
        }
        line = line (line == "" ? "" : " ") words[i]
    }
    if (line != "")
        put_line(line)
}

function put_line(line) {
    print (line ~ /^[.']/ ? "\\&" : "") line
}

function put_paragraphs(text,    list, count, i) {
    count = split(text, list, /\n\n/)
    for (i = 1; i <= count; i++) {
        if (i > 1)
            print ".Pp"
        put_text(list[i])
    }
}

# ---- commands and programs ----

function put_usage(usage) {
    while ((usage = word_next(usage)) != "" || word["text"] != "")
        put_word(word["optional"])
}

function word_macro() {
    if (word["option"])
        return "Fl " substr(word["text"], 2) (word["value"] == "" ? "" : " Ar " word["value"])
    return "Ar " word["text"] (word["repeated"] ? " ..." : "")
}

function put_word(optional) {
    print "." (optional ? "Op " : "") word_macro()
}

function put_options(name, usage,    any) {
    any = 0
    while ((usage = word_next(usage)) != "" || word["text"] != "") {
        if (!any++)
            print ".Bl -tag -width Ds"
        print ".It " word_macro()
        put_text(row["OPTION", explain(name, word["text"]), 4] ".")
    }
    if (any)
        print ".El"
}

function put_details(name) {
    put_paragraphs(row["HELP", row_of("HELP", 1, name), 2])
}

# behind: there is text before them.
function put_examples(name, behind,    n) {
    for (n = 1; n <= rows["EXAMPLE"]; n++) {
        if (row["EXAMPLE", n, 1] != name)
            continue
        if (behind++)
            print ".Pp"
        put_text(row["EXAMPLE", n, 3] ":")
        print ".Bd -literal -offset indent"
        put_line(roff_literal(row["EXAMPLE", n, 2]))
        print ".Ed"
    }
}

function roff_literal(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

function put_exit(name,    wanting) {
    wanting = row["HELP", row_of("HELP", 1, name), 3]
    print ".Bl -tag -width Ds"
    print ".It 0"
    print "Done."
    if (wanting != "") {
        print ".It 1"
        put_text(wanting ".")
    }
    print ".It 2"
    print "The command line was not understood."
    print ".It 3"
    print "It could not be done; standard error says why, and what to do."
    print ".El"
}

function sentence(text) {
    return text (text ~ /[.?]$/ ? "" : ".")
}

function put_commands(    n, name, wanting, details) {
    for (n = 1; n <= rows["COMMAND"]; n++) {
        name = row["COMMAND", n, 2]
        print ".Ss " name
        print ".Bd -ragged -offset indent"
        print ".Nm"
        print ".Cm " name
        put_usage(row["COMMAND", n, 3])
        print ".Ed"
        print ".Pp"
        put_text(sentence(row["COMMAND", n, 4]))
        details = row["HELP", row_of("HELP", 1, name), 2]
        if (details != "")
            put_paragraphs(details)
        put_options(name, row["COMMAND", n, 3])
        wanting = row["HELP", row_of("HELP", 1, name), 3]
        if (wanting != "") {
            print ".Pp"
            put_text("Exits 1 when " wanting ".")
        }
        put_examples(name, 1)
    }
}

function put_roles(    n, name) {
    for (n = 1; n <= rows["ROLE"]; n++) {
        name = row["ROLE", n, 2]
        print ".It Nm " name
        put_text(sentence(row["ROLE", n, 3]))
        put_details(name)
    }
}

# ---- tables ----

function put_keys(map,    n, standard) {
    print ".Bl -tag -width Ds"
    for (n = 1; n <= rows["KEY"]; n++) {
        if (row["KEY", n, 1] != map)
            continue
        standard = row["KEY", n, 4]
        print ".It Ic " row["KEY", n, 2] " : Ar " quoted(row["KEY", n, 3])
        put_text(row["KEY", n, 5] ".")
        if (standard == "")
            put_text("Needed" (map == "decoy" && row["KEY", n, 2] == "site" ? " for http." : "."))
        else if (standard != "-")
            put_text("Left out: " standard ".")
    }
    print ".El"
}

function quoted(text) {
    return "\"" text "\""
}

function put_table(macro,    n, extra) {
    print ".Bl -tag -width Ds"
    for (n = 1; n <= rows[macro]; n++) {
        extra = ""
        if (macro == "KIND")
            extra = "Forms: " row[macro, n, 4] "."
        else if (macro == "SERVICE")
            extra = "Usual ports: " row[macro, n, 4] ", with TLS " row[macro, n, 5] "."
        print ".It Cm " row[macro, n, 2]
        put_text(sentence(row[macro, n, 3]))
        if (extra != "")
            put_text(extra)
    }
    print ".El"
}

# ---- a text file of the source ----

# Headings are underlined, or begin with #; the file's own title is left out. Indented lines stay as they are. Rows of
# a Markdown table become a list.
function put_file(file,    line, kind, held, headings) {
    held = ""
    kind = ""
    headings = paragraphs = 0
    while ((getline line < file) > 0) {
        if (line ~ /^(===+|---+)$/) {
            if (headings++ > 0)
                put_section(held)
            held = ""
        } else if (line ~ /^#+ /) {
            flush_text(held)
            held = ""
            kind = end_block(kind, "")
            sub(/^#+ /, "", line)
            gsub(/`/, "", line)
            if (headings++ > 0)
                put_section(line)
        } else if (line ~ /^    /) {
            flush_text(held)
            held = ""
            kind = end_block(kind, "literal")
            put_line(roff_literal(substr(line, 5)))
        } else if (line ~ /^\|/) {
            flush_text(held)
            held = ""
            kind = end_block(kind, "table")
            put_row(line)
        } else if (line == "") {
            flush_text(held)
            held = ""
            if (kind == "literal")
                blanks++
            else
                kind = end_block(kind, "")
        } else {
            kind = end_block(kind, "")
            held = held (held == "" ? "" : " ") line
        }
    }
    close(file)
    flush_text(held)
    end_block(kind, "")
    if (headings == 0)
        tables_fault("cannot read " file)
}

function put_section(title) {
    print ".Sh " toupper(title)
    paragraphs = 0
}

function flush_text(text) {
    if (text == "")
        return
    if (paragraphs++)
        print ".Pp"
    put_text(text)
}

# Ends one sort of block and begins another; returns what is open now.
function end_block(kind, next_kind) {
    if (kind == next_kind) {
        if (kind == "literal" && blanks > 0)
            print ""
        blanks = 0
        return kind
    }
    blanks = 0
    paragraphs++
    if (kind == "literal")
        print ".Ed"
    else if (kind == "table")
        print ".El"
    if (next_kind == "literal")
        print ".Bd -literal -offset indent"
    else if (next_kind == "table")
        print ".Bl -tag -width Ds"
    return next_kind
}

function put_row(line,    cells, count, i) {
    gsub(/^\| *| *\|$/, "", line)
    if (line ~ /^-+\|/ || line ~ /^(key|name) *\| *meaning$/ || line ~ /^ *name *\|/ || line ~ /^\| */)
        return
    count = split(line, cells, / *\| */)
    gsub(/`/, "", cells[1])
    print ".It Ic " quoted(cells[1])
    for (i = 2; i <= count; i++)
        put_text(cells[i])
}
