# SPDX-License-Identifier: ISC
#
# Makes the tables of the completion for bash; they stand where its template says "@tables@".
#
# awk -f tables.awk -f completion.awk -v tables=FOLDER TEMPLATE

BEGIN {
    failed = 0
    tables_load(tables, "commands formats help keys kinds options places programs roles services")
}

failed { exit 1 }

$0 == "@tables@" {
    put_list("commands", "COMMAND", 2, "")
    put_list("kinds", "KIND", 2, "")
    put_list("places", "PLACE", 2, ":")
    put_list("services", "SERVICE", 2, "")
    put_list("formats", "FORMAT", 2, "")
    put_cases()
    next
}

{ print }

END { exit failed }

function put_list(name, macro, i, behind,    n, line) {
    line = ""
    for (n = 1; n <= rows[macro]; n++)
        line = line (line == "" ? "" : " ") row[macro, n, i] behind
    print "_sundew_" name "=\"" line "\""
}

# _sundew_usage COMMAND: sets options, and for each what its value can be; and operands in their order.
function put_cases(    n) {
    print "_sundew_usage() {"
    print "    options= operands=() values=()"
    print "    case $1 in"
    for (n = 1; n <= rows["PROGRAM"]; n++)
        put_case(row["PROGRAM", n, 2], row["PROGRAM", n, 3])
    for (n = 1; n <= rows["COMMAND"]; n++)
        put_case("\"sundew " row["COMMAND", n, 2] "\"", row["COMMAND", n, 3], row["COMMAND", n, 2])
    print "    esac"
    print "}"
}

function put_case(label, usage, name,    options, operands, values, value) {
    if (name == "")
        name = label
    options = operands = values = ""
    while ((usage = word_next(usage)) != "" || word["text"] != "") {
        value = "'" row["OPTION", explain(name, word["text"]), 3] "'"
        if (!word["option"])
            operands = operands (operands == "" ? "" : " ") (word["repeated"] ? substr(value, 1, length(value) - 1) " ...'" : value)
        else
            options = options (options == "" ? "" : " ") word["text"]
        if (word["option"] && word["value"] != "")
            values = values " values[" word["text"] "]=" value
    }
    print "        " label ")"
    if (options != "")
        print "            options=\"" options "\""
    if (values != "")
        print "           " values
    if (operands != "")
        print "            operands=(" operands ")"
    print "            ;;"
}
