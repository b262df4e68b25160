/* SPDX-License-Identifier: ISC
 *
 * Pages and static files of a site. */
#include "config.h"
#include "server/sensor/http/site_data.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/base/paths.h"

static int compare_pages(const void *a, const void *b)
{
    return strcmp(((const struct site_page *)a)->name, ((const struct site_page *)b)->name);
}

static const struct site_page *find_page(const struct site *site, const char *name)
{
    const struct site_page key = {(char *)(uintptr_t)name, NULL, NULL};

    return site->page_count == 0 ? NULL
                                 : bsearch(&key, site->pages, site->page_count, sizeof(*site->pages), compare_pages);
}

const struct template *site_page(const char *name, void *context)
{
    const struct site_page *found = find_page(context, name);

    return found == NULL ? NULL : found->template;
}

char *site_file(const char *folder, const char *part, const char *name)
{
    char *inner = paths_join(folder, part), *path = inner == NULL ? NULL : paths_join(inner, name);

    free(inner);
    return path;
}

/* Where the first byte stands that is no part of UTF-8 text; the length where there is none. */
static size_t first_odd(struct slice text)
{
    size_t at = 0, more;
    unsigned char c;

    while (at < text.length) {
        c = text.data[at];
        more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
        if (more == 9 || c == '\0' || text.length - at <= more)
            return at;
        for (size_t i = 1; i <= more; i++)
            if ((text.data[at + i] & 0xc0) != 0x80)
                return at;
        at += more + 1;
    }
    return at;
}

static void check_text(struct site *site, const char *path, struct slice text)
{
    size_t odd = first_odd(text), line = 1, column = 1;

    for (size_t i = 0; i < odd; i++) {
        column = text.data[i] == '\n' ? 1 : column + 1;
        line += text.data[i] == '\n';
    }
    if (odd < text.length)
        site_fault_at(site, path, line, column, "this byte is not UTF-8 text; save the page as UTF-8");
}

/* A page that cannot be parsed counts as an empty one, so that who asks for it is not faulted, too. */
static struct template *parse_page(struct site *site, const char *path, struct slice text)
{
    struct template *t = NULL;
    struct error ignored;

    check_text(site, path, text);
    if (site_note(site, template_parse(text, path, &t, &site->faults->now)) != 0)
        (void)template_parse(SLICE_NONE, path, &t, &ignored);
    return t;
}

static void add_page(struct site *site, const char *folder, const char *file)
{
    struct site_page *pages = realloc(site->pages, (site->page_count + 1) * sizeof(*pages)), page = {NULL, NULL, NULL};
    struct buffer content;

    buffer_init(&content, SITE_PAGE);
    page.path = site_file(folder, "pages", file);
    page.name = strndup(file, strlen(file) - strlen(SITE_SUFFIX));
    if (pages != NULL)
        site->pages = pages;
    if (page.path != NULL && site_note(site, paths_read(page.path, &content, &site->faults->now)) == 0)
        page.template = parse_page(site, page.path, buffer_slice(&content));
    buffer_free(&content);
    if (pages != NULL && page.name != NULL && page.template != NULL) {
        pages[site->page_count++] = page;
        return;
    }
    free(page.path);
    free(page.name);
    template_free(page.template);
}

/* Follows partials; `trail` are the pages on the way here. */
static bool is_endless(struct site *site, const struct site_page *page, const struct site_page **trail, size_t depth)
{
    const char *name;
    const struct site_page *partial;
    bool endless = false;

    for (size_t i = 0; i < depth && !endless; i++)
        endless = trail[i] == page;
    if (endless || depth == RENDER_DEPTH)
        return true;
    trail[depth] = page;
    for (size_t i = 0; !endless && (name = template_partial(page->template, i)) != NULL; i++)
        if ((partial = find_page(site, name)) != NULL)
            endless = is_endless(site, partial, trail, depth + 1);
    return endless;
}

void site_check_partials(struct site *site, const struct template *t, const struct yaml *at, const char *path)
{
    const struct site_page *trail[RENDER_DEPTH], *page;
    struct template_tag tag;

    for (size_t i = 0; template_tag(t, i, &tag); i++) {
        if (tag.sigil != '>')
            continue;
        page = find_page(site, tag.name);
        if (page == NULL && at != NULL)
            site_fault_in(site, at, tag.line - 1, tag.column - 1,
                          "there is no page '%s'; put it into pages/%s" SITE_SUFFIX, tag.name, tag.name);
        else if (page == NULL)
            site_fault_at(site, path, tag.line, tag.column, "there is no page '%s'; put it into pages/%s" SITE_SUFFIX,
                          tag.name, tag.name);
        else if (at == NULL && is_endless(site, page, trail, 0))
            site_fault_at(site, path, tag.line, tag.column,
                          "the page '%s' comes to hold itself; let no page ask for one that it is in", tag.name);
    }
}

void site_load_pages(struct site *site, const char *folder)
{
    char *path = paths_join(folder, "pages");
    DIR *dir = path == NULL ? NULL : opendir(path);
    const struct dirent *entry;

    if (dir == NULL && errno != ENOENT)
        site_note(site, error_errno(&site->faults->now, "%s:1:1: this folder cannot be read; let its owner be the "
                                                        "sensor's user",
                                    path == NULL ? folder : path));
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);

        if (length > strlen(SITE_SUFFIX) && strcmp(entry->d_name + length - strlen(SITE_SUFFIX), SITE_SUFFIX) == 0)
            add_page(site, folder, entry->d_name);
        else if (entry->d_name[0] != '.')
            site_fault_at(site, path, 1, 1, "'%.100s' is no page; name it NAME" SITE_SUFFIX ", or take it out",
                          entry->d_name);
    }
    if (site->page_count > 0)
        qsort(site->pages, site->page_count, sizeof(*site->pages), compare_pages);
    for (size_t i = 0; i < site->page_count; i++)
        site_check_partials(site, site->pages[i].template, NULL, site->pages[i].path);
    if (dir != NULL)
        closedir(dir);
    free(path);
}

/* Is the file in the site's folder of static files, whatever links there are? */
static bool is_inside(const char *folder, const char *path)
{
    char *inner = paths_join(folder, "static"), *root = inner == NULL ? NULL : realpath(inner, NULL),
         *real = realpath(path, NULL);
    bool inside = root == NULL || real == NULL ||
                  (strncmp(real, root, strlen(root)) == 0 && real[strlen(root)] == '/');

    free(inner);
    free(root);
    free(real);
    return inside;
}

static void check_file(struct site *site, const struct yaml *at, const char *folder, const char *path,
                       const char *name)
{
    struct stat status;

    if (strstr(name, "..") != NULL || *name == '/' || !is_inside(folder, path))
        site_fault(site, at, "'%.100s' lies elsewhere; put the file itself into the site's folder static", name);
    else if (stat(path, &status) != 0)
        site_fault(site, at, "there is no file '%.100s'; put it into the site's folder static", name);
    else if (!S_ISREG(status.st_mode))
        site_fault(site, at, "'%.100s' is no file; put one there", name);
    else if (status.st_size == 0 && site->faults->lint)
        site_fault(site, at, "'%.100s' is no file with anything in it; give it its content", name);
    else if (status.st_size > SITE_PAGE)
        site_fault(site, at, "'%.100s' is larger than %d bytes; make it smaller", name, SITE_PAGE);
}

/* The face's facts, put into a file once and for all. */
static int fill_file(const struct site *site, struct site_reply *reply, const char *path, struct error *error)
{
    struct template *t = NULL;
    struct buffer filled;
    json_t *face = site->face;
    int result = template_parse(buffer_slice(&reply->content), path, &t, error);

    if (result != 0)
        return -1;
    buffer_init(&filled, SITE_PAGE);
    if (template_render(t, &face, 1, reply->escape, NULL, &filled) != 0)
        result = error_set(error, "%s: larger than %d bytes with its facts; make it smaller", path, SITE_PAGE);
    template_free(t);
    buffer_free(&reply->content);
    reply->content = filled;
    return result;
}

void site_load_file(struct site *site, struct site_reply *reply, const struct yaml *node, const char *folder,
                    const char *name)
{
    const struct yaml *at = yaml_get(node, "file");
    char *path = site_file(folder, "static", name);
    size_t before = site->faults->count;
    bool facts = false;

    site_note(site, yaml_bool(node, "facts", &facts, &site->faults->now));
    reply->file = true;
    if (path == NULL)
        site_fault(site, at, "out of memory");
    else
        check_file(site, at, folder, path, name);
    if (site->faults->count == before &&
        site_note(site, paths_read(path, &reply->content, &site->faults->now)) == 0 && facts)
        site_note(site, fill_file(site, reply, path, &site->faults->now));
    reply->constant = buffer_slice(&reply->content);
    if (reply->constant.data == NULL)
        reply->constant = slice_of("");
    free(path);
}
