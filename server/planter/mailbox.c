/* SPDX-License-Identifier: ISC */
#include "server/planter/mailbox.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/disk.h"
#include "server/planter/task.h"

#define NEIGHBOURS 512

/* ---- opening ---- */

void mailbox_blank(struct mailbox *mailbox)
{
    memset(mailbox, 0, sizeof(*mailbox));
    mailbox->cur = mailbox->new = mailbox->tmp = -1;
}

static bool is_maildir(const char *path)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    struct stat status;
    bool is = true;

    for (size_t i = 0; i < 3 && is; i++) {
        char *part = paths_join(path, parts[i]);

        is = part != NULL && lstat(part, &status) == 0 && S_ISDIR(status.st_mode);
        free(part);
    }
    return is;
}

/* The mailbox that a folder belongs to: the folder above where this one is .Name and that is a Maildir too. */
static char *root_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *above;

    if (slash == NULL || slash == path || slash[1] != '.')
        return strdup(path);
    above = strndup(path, (size_t)(slash - path));
    if (above != NULL && is_maildir(above))
        return above;
    free(above);
    return strdup(path);
}

static char *without_slashes(const char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return strndup(path, length);
}

static char *folder_path(const char *root, const char *folder)
{
    char name[256];

    if (strcmp(folder, "INBOX") == 0)
        return strdup(root);
    snprintf(name, sizeof(name), "%s%s", folder[0] == '.' ? "" : ".", folder);
    return paths_join(root, name);
}

static int open_parts(struct mailbox *mailbox, struct error *error)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(mailbox->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_errno(error, "cannot open %s", mailbox->path);
    mailbox->cur = openat(fd, "cur", flags);
    mailbox->new = openat(fd, "new", flags);
    mailbox->tmp = openat(fd, "tmp", flags);
    close(fd);
    if (mailbox->cur >= 0 && mailbox->new >= 0 && mailbox->tmp >= 0)
        return 0;
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
        return error_set(error, "%s is no Maildir: it needs the folders cur, new and tmp", mailbox->path);
    return error_errno(error, "cannot open the folders of %s", mailbox->path);
}

int mailbox_open(const char *dir, const char *folder, struct mailbox *mailbox, struct error *error)
{
    mailbox_blank(mailbox);
    if (folder != NULL && (!task_name_safe(folder) || strlen(folder) > 200))
        return error_set(error, "\"%.100s\" is no name of a mail folder", folder);
    mailbox->path = without_slashes(dir);
    mailbox->root = mailbox->path != NULL ? root_of(mailbox->path) : NULL;
    if (mailbox->root != NULL && folder != NULL) {
        free(mailbox->path);
        mailbox->path = folder_path(mailbox->root, folder);
    }
    if (mailbox->root != NULL && mailbox->path != NULL)
        mailbox->folder =
            strcmp(mailbox->root, mailbox->path) == 0 ? strdup("INBOX") : strdup(strrchr(mailbox->path, '/') + 2);
    if (mailbox->folder == NULL)
        error_set(error, "out of memory");
    if (mailbox->folder != NULL && open_parts(mailbox, error) == 0)
        return 0;
    mailbox_close(mailbox);
    return -1;
}

void mailbox_close(struct mailbox *mailbox)
{
    if (mailbox->cur >= 0)
        close(mailbox->cur);
    if (mailbox->new >= 0)
        close(mailbox->new);
    if (mailbox->tmp >= 0)
        close(mailbox->tmp);
    free(mailbox->root);
    free(mailbox->path);
    free(mailbox->folder);
    mailbox_blank(mailbox);
}

static DIR *list_of(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;

    if (list == NULL && fd >= 0)
        close(fd);
    return list;
}

/* ---- names ---- */

/* Reads a neighbour's name: SECONDS.UNIQUE.HOST[,S=…][,W=…][:2,…] */
static bool read_style(const char *name, struct mailbox_style *style)
{
    const char *unique = strchr(name, '.');
    const char *host = unique != NULL ? strchr(unique + 1, '.') : NULL;
    size_t length = host != NULL ? strcspn(host + 1, ",:") : 0;

    if (host == NULL || name + strspn(name, "0123456789") != unique || length == 0 || length >= sizeof(style->host))
        return false;
    memcpy(style->host, host + 1, length);
    style->host[length] = '\0';
    style->inode = unique[1] == 'V';
    style->size = strstr(host, ",S=") != NULL;
    style->virtual_size = strstr(host, ",W=") != NULL;
    return true;
}

void mailbox_style(const struct mailbox *mailbox, struct mailbox_style *style)
{
    int folders[] = {mailbox->cur, mailbox->new};
    bool found = false;

    memset(style, 0, sizeof(*style));
    if (gethostname(style->host, sizeof(style->host) - 1) != 0 || style->host[0] == '\0')
        snprintf(style->host, sizeof(style->host), "localhost");
    style->size = style->virtual_size = true;
    disk_siblings(mailbox->cur, &style->mode, &style->group);
    for (size_t f = 0; f < 2 && !found; f++) {
        DIR *list = list_of(folders[f]);
        struct dirent *entry;

        for (int i = 0; list != NULL && i < NEIGHBOURS && !found && (entry = readdir(list)) != NULL; i++)
            found = read_style(entry->d_name, style);
        if (list != NULL)
            closedir(list);
    }
}

static size_t virtual_size(struct slice message)
{
    size_t size = message.length;

    for (size_t i = 0; i < message.length; i++)
        size += message.data[i] == '\n' && (i == 0 || message.data[i - 1] != '\r');
    return size;
}

void mailbox_name(const struct mailbox_style *style, struct slice message, int64_t time_us, char name[MAILBOX_NAME])
{
    uint32_t micro = randombytes_uniform(1000000), number = 600 + randombytes_uniform(32000);
    char unique[64], sizes[64] = "";
    size_t length = 0;

    if (style->inode)
        snprintf(unique, sizeof(unique), "Vfe01I%xM%06" PRIu32, 0x20000 + randombytes_uniform(0xe0000), micro);
    else
        snprintf(unique, sizeof(unique), "M%" PRIu32 "P%" PRIu32, micro, number);
    if (style->size)
        length = (size_t)snprintf(sizes, sizeof(sizes), ",S=%zu", message.length);
    if (style->virtual_size)
        snprintf(sizes + length, sizeof(sizes) - length, ",W=%zu", virtual_size(message));
    snprintf(name, MAILBOX_NAME, "%" PRId64 ".%s.%s%s", time_us / 1000000, unique, style->host, sizes);
}

/* ---- finding ---- */

int mailbox_message_id(struct slice message, char id[MAILBOX_ID])
{
    static const char field[] = "message-id:";
    size_t at = 0, length = 0;

    while (at < message.length && message.data[at] != '\n' && message.data[at] != '\r') {
        const unsigned char *end = memchr(message.data + at, '\n', message.length - at);

        if (message.length - at > strlen(field) &&
            strncasecmp((const char *)message.data + at, field, strlen(field)) == 0)
            break;
        at = end == NULL ? message.length : (size_t)(end - message.data) + 1;
    }
    if (at >= message.length || message.data[at] == '\n' || message.data[at] == '\r')
        return -1;
    while (at < message.length && message.data[at] != '<')
        at++;
    while (at + length < message.length && length + 1 < MAILBOX_ID && message.data[at + length] > ' ') {
        id[length] = (char)message.data[at + length];
        if (id[length++] == '>') {
            id[length] = '\0';
            return 0;
        }
    }
    return -1;
}

/* Is it this file? Fills the hit. */
static bool is_it(int folder, const char *part, const char *name, const char *id, struct mailbox_hit *hit)
{
    char found[MAILBOX_ID];
    struct error ignored;

    buffer_clear(&hit->message);
    if (name[0] == '.' || strlen(name) > MAILBOX_NAME - 8 || disk_head(folder, name, &hit->message, &ignored) != 0 ||
        mailbox_message_id(buffer_slice(&hit->message), found) != 0 || strcmp(found, id) != 0)
        return false;
    buffer_clear(&hit->message);
    if (disk_read(folder, name, &hit->message, NULL, &ignored) != 0)
        return false;
    snprintf(hit->name, sizeof(hit->name), "%s/%s", part, name);
    return true;
}

/* Files whose name begins as `prefix`, or all. */
static bool scan(int folder, const char *part, const char *prefix, size_t length, const char *id,
                 struct mailbox_hit *hit)
{
    DIR *list = list_of(folder);
    struct dirent *entry;
    bool found = false;

    while (list != NULL && !found && (entry = readdir(list)) != NULL)
        found = strncmp(entry->d_name, prefix, length) == 0 && is_it(folder, part, entry->d_name, id, hit);
    if (list != NULL)
        closedir(list);
    return found;
}

int mailbox_find(const struct mailbox *mailbox, const char *id, const char *name, struct mailbox_hit *hit)
{
    size_t length = name != NULL ? strcspn(name, ":") : 0;

    if (length > 0 &&
        (scan(mailbox->cur, "cur", name, length, id, hit) || scan(mailbox->new, "new", name, length, id, hit)))
        return 1;
    return scan(mailbox->cur, "cur", "", 0, id, hit) || scan(mailbox->new, "new", "", 0, id, hit);
}

int mailbox_find_elsewhere(const struct mailbox *mailbox, const char *id, struct mailbox *at, struct mailbox_hit *hit)
{
    DIR *list = opendir(mailbox->root);
    struct dirent *entry;
    struct error ignored;
    int found = 0;

    if (strcmp(mailbox->path, mailbox->root) != 0 && mailbox_open(mailbox->root, NULL, at, &ignored) == 0) {
        found = mailbox_find(at, id, NULL, hit);
        if (!found)
            mailbox_close(at);
    }
    while (list != NULL && !found && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] != '.' || !task_name_safe(entry->d_name) ||
            strcmp(entry->d_name + 1, mailbox->folder) == 0 ||
            mailbox_open(mailbox->root, entry->d_name, at, &ignored) != 0)
            continue;
        found = mailbox_find(at, id, NULL, hit);
        if (!found)
            mailbox_close(at);
    }
    if (list != NULL)
        closedir(list);
    return found;
}

int mailbox_remove(const struct mailbox *mailbox, const struct mailbox_hit *hit)
{
    int folder = strncmp(hit->name, "cur/", 4) == 0 ? mailbox->cur : mailbox->new;

    if (unlinkat(folder, hit->name + 4, 0) != 0)
        return -1;
    disk_sync(folder);
    return 0;
}
