/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "server/wire/help.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/terminal.h"
#include "server/wire/usage.h"

#define WIDEST 100
#define INDENT 2
#define WORDS 24 /* columns of a word; its explanation stands behind, or below a longer one */
#define COMMANDS 12
#define STATUS 4
#define ROLE_USAGE "[--help] [--version]"

static const struct help_entry entries[] = {
#define PROGRAM(symbol, name, arguments, summary) {HELP_PROGRAM, name, arguments, summary},
#include "server/wire/tables/programs.def"
#undef PROGRAM
#define COMMAND(symbol, name, arguments, summary, where) {HELP_COMMAND, name, arguments, summary},
#include "server/wire/tables/commands.def"
#undef COMMAND
#define ROLE(symbol, name, summary) {HELP_ROLE, name, ROLE_USAGE, summary},
#include "server/wire/tables/roles.def"
#undef ROLE
};

static const struct help_option options[] = {
#define OPTION(commands, word, values, explanation) {commands, word, values, explanation},
#include "server/wire/tables/options.def"
#undef OPTION
};

static const struct help_text texts[] = {
#define HELP(name, details, wanting, see) {name, details, wanting, see},
#define EXAMPLE(name, line, explanation)
#include "server/wire/tables/help.def"
#undef HELP
#undef EXAMPLE
};

static const struct help_example examples[] = {
#define HELP(name, details, wanting, see)
#define EXAMPLE(name, line, explanation) {name, line, explanation},
#include "server/wire/tables/help.def"
#undef HELP
#undef EXAMPLE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct help_entry *help_entry(size_t n)
{
    return n < COUNT(entries) ? &entries[n] : NULL;
}

const struct help_option *help_option(size_t n)
{
    return n < COUNT(options) ? &options[n] : NULL;
}

const struct help_text *help_text(size_t n)
{
    return n < COUNT(texts) ? &texts[n] : NULL;
}

const struct help_example *help_example(size_t n)
{
    return n < COUNT(examples) ? &examples[n] : NULL;
}

/* Is `name` one of the words of `list`? */
static bool lists(const char *list, const char *name)
{
    size_t wanted = strlen(name);

    for (; *list != '\0'; list += strspn(list, " ")) {
        size_t length = strcspn(list, " ");

        if (length == wanted && memcmp(list, name, wanted) == 0)
            return true;
        list += length;
    }
    return false;
}

const struct help_option *help_explain(const char *name, const char *word, size_t length)
{
    for (size_t i = 0; i < COUNT(options); i++)
        if (strlen(options[i].word) == length && memcmp(options[i].word, word, length) == 0 &&
            lists(options[i].commands, name))
            return &options[i];
    return NULL;
}

/* ---- paper ---- */

struct paper {
    FILE *file;
    size_t width, column, indent;
    bool colour;
};

static void line_end(struct paper *paper)
{
    fputc('\n', paper->file);
    paper->column = 0;
}

static void go_to(struct paper *paper, size_t column)
{
    for (; paper->column < column; paper->column++)
        fputc(' ', paper->file);
}

/* A piece that is not broken; on a new line where this one has no room. */
static void put_piece(struct paper *paper, const char *piece, size_t length)
{
    bool gap = paper->column > paper->indent;

    if (gap && paper->column + 1 + length > paper->width) {
        line_end(paper);
        gap = false;
    }
    go_to(paper, gap ? paper->column + 1 : paper->indent);
    fwrite(piece, 1, length, paper->file);
    paper->column += length;
}

/* Words; a blank line between paragraphs. */
static void put_text(struct paper *paper, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, " \n");

        if (length > 0)
            put_piece(paper, text, length);
        text += length;
        if (*text == '\n')
            line_end(paper);
        text += *text != '\0';
    }
}

static void put_heading(struct paper *paper, const char *text)
{
    fprintf(paper->file, "\n%s%s%s\n", paper->colour ? TERMINAL_BOLD : "", text, paper->colour ? TERMINAL_PLAIN : "");
    paper->column = 0;
}

/* ---- parts ---- */

/* The usage's words are kept whole: "[--count N]". */
static void put_usage(struct paper *paper, const struct help_entry *entry)
{
    const char *usage = entry->usage;

    fprintf(paper->file, "%s", "usage:");
    paper->column = strlen("usage:");
    paper->indent = strlen("usage: ");
    put_piece(paper, entry->type == HELP_COMMAND ? "sundew [-c FILE] [--json]" : entry->name,
              strlen(entry->type == HELP_COMMAND ? "sundew [-c FILE] [--json]" : entry->name));
    if (entry->type == HELP_COMMAND)
        put_piece(paper, entry->name, strlen(entry->name));
    while (*usage != '\0') {
        size_t length = strcspn(usage, *usage == '[' ? "]" : " ");

        length += usage[length] == ']';
        put_piece(paper, usage, length);
        usage += length;
        usage += strspn(usage, " ");
    }
    line_end(paper);
    paper->indent = 0;
}

static void put_sentence(struct paper *paper, const char *text)
{
    put_text(paper, text);
    if (text[0] != '\0' && strchr("?.", text[strlen(text) - 1]) == NULL)
        fputc('.', paper->file);
    line_end(paper);
}

static void put_pair(struct paper *paper, size_t columns, const char *left, size_t length, const char *right)
{
    go_to(paper, INDENT);
    fprintf(paper->file, "%.*s", (int)length, left);
    paper->column = INDENT + length;
    if (paper->column + 2 > INDENT + columns)
        line_end(paper);
    paper->indent = INDENT + columns;
    put_text(paper, right);
    line_end(paper);
    paper->indent = 0;
}

static void put_words(struct paper *paper, const struct help_entry *entry)
{
    const char *usage = entry->usage;
    struct usage_word word;

    if (*usage != '\0')
        put_heading(paper, "Operands and options:");
    while ((usage = usage_next(usage, &word)) != NULL) {
        const char *text = (const char *)word.text.data;
        const struct help_option *option = help_explain(entry->name, text, word.text.length);
        size_t length = word.text.length + (word.value.length > 0 ? 1 + word.value.length : 0);

        put_pair(paper, WORDS, text, length, option != NULL ? option->explanation : "");
    }
    if (entry->type == HELP_COMMAND) {
        fprintf(paper->file, "\n");
        put_text(paper, "Options of every command (-c FILE, --json) are explained by sundew --help.");
        line_end(paper);
    }
}

static void put_commands(struct paper *paper)
{
    put_heading(paper, "Commands:");
    for (size_t i = 0; i < COUNT(entries); i++)
        if (entries[i].type == HELP_COMMAND)
            put_pair(paper, COMMANDS, entries[i].name, strlen(entries[i].name), entries[i].summary);
}

static void put_examples(struct paper *paper, const char *name)
{
    bool any = false;

    for (size_t i = 0; i < COUNT(examples); i++) {
        if (strcmp(examples[i].name, name) != 0)
            continue;
        if (!any)
            put_heading(paper, "Examples:");
        any = true;
        fprintf(paper->file, "  # %s\n  %s\n", examples[i].explanation, examples[i].line);
    }
}

static void put_exit(struct paper *paper, const char *wanting)
{
    put_heading(paper, "Exit status:");
    put_pair(paper, STATUS, "0", 1, "done");
    if (wanting[0] != '\0')
        put_pair(paper, STATUS, "1", 1, wanting);
    put_pair(paper, STATUS, "2", 1, "not understood: usage");
    put_pair(paper, STATUS, "3", 1, "could not; standard error says why, and what to do");
}

static void put_see(struct paper *paper, const struct help_entry *entry, const char *see)
{
    put_heading(paper, "See also:");
    paper->indent = INDENT;
    if (entry->type == HELP_COMMAND)
        put_text(paper, "sundew(1)");
    put_text(paper, see);
    line_end(paper);
    paper->indent = 0;
}

void help_write(FILE *file, const char *name)
{
    static const struct help_text none = {"", "", "", ""};
    const struct help_text *text = &none;
    const struct help_entry *entry = &entries[0];
    struct paper paper = {.file = file, .width = terminal_width(fileno(file)), .colour = terminal_colour(fileno(file))};

    if (paper.width > WIDEST)
        paper.width = WIDEST;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (strcmp(texts[i].name, name) == 0)
            text = &texts[i];
    while (strcmp(entry->name, name) != 0 && entry + 1 < entries + COUNT(entries))
        entry++;
    put_usage(&paper, entry);
    fputc('\n', file);
    put_sentence(&paper, entry->summary);
    if (text->details[0] != '\0') {
        fputc('\n', file);
        put_text(&paper, text->details);
        line_end(&paper);
    }
    if (strcmp(name, "sundew") == 0)
        put_commands(&paper);
    put_words(&paper, entry);
    put_examples(&paper, name);
    put_exit(&paper, text->wanting);
    put_see(&paper, entry, text->see);
}

bool help_asked(const char *name, int argc, char *const *argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        help_write(stdout, name);
    else if (argc == 2 && strcmp(argv[1], "--version") == 0)
        printf("%s " PACKAGE_VERSION "\n", name);
    else
        return false;
    return true;
}
