/* SPDX-License-Identifier: ISC */
#include "server/parent/holder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTENING 0x0a
#define LINE 512

/* The inode of the listening socket in one table, or 0. */
static unsigned long inode_in(const char *table, uint16_t port)
{
    FILE *file = fopen(table, "re");
    unsigned long found = 0;
    char line[LINE];

    if (file == NULL)
        return 0;
    while (found == 0 && fgets(line, sizeof(line), file) != NULL) {
        unsigned local = 0, state = 0;
        unsigned long inode = 0;

        if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &local, &state,
                   &inode) == 3 &&
            local == port && state == LISTENING)
            found = inode;
    }
    fclose(file);
    return found;
}

static bool holds(const char *pid, const char *wanted)
{
    char folder[LINE], link[LINE], target[LINE];
    bool found = false;
    const struct dirent *entry;
    DIR *list;

    snprintf(folder, sizeof(folder), "/proc/%.16s/fd", pid);
    list = opendir(folder);
    if (list == NULL)
        return false;
    while (!found && (entry = readdir(list)) != NULL) {
        ssize_t length;

        snprintf(link, sizeof(link), "/proc/%.16s/fd/%.16s", pid, entry->d_name);
        length = readlink(link, target, sizeof(target) - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    closedir(list);
    return found;
}

static void name_of(const char *pid, char *name, size_t size)
{
    char path[LINE];
    FILE *file;

    snprintf(name, size, "a process");
    snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(name, (int)size, file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    fclose(file);
}

pid_t holder_find(uint16_t port, char *name, size_t size)
{
    unsigned long inode = inode_in("/proc/net/tcp", port);
    const struct dirent *entry;
    char wanted[64];
    pid_t found = 0;
    DIR *list;

    if (inode == 0)
        inode = inode_in("/proc/net/tcp6", port);
    list = inode == 0 ? NULL : opendir("/proc");
    if (list == NULL)
        return 0;
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    while (found == 0 && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !holds(entry->d_name, wanted))
            continue;
        found = (pid_t)strtol(entry->d_name, NULL, 10);
        name_of(entry->d_name, name, size);
    }
    closedir(list);
    return found;
}
