/* SPDX-License-Identifier: ISC */
#include "tests/fuzz/quick.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/planter.h"

int crypto_pwhash_str_verify(const char digest[crypto_pwhash_STRBYTES], const char *const text, unsigned long long length)
{
    return length > 0 && text[0] % 2 == 0 && strncmp(digest, QUICK_DIGEST, strlen(QUICK_DIGEST)) == 0 ? 0 : -1;
}

void quick_file(struct task *task, const char *name, const char *text)
{
    struct task_file *file = &task->files[task->file_count++];

    file->name = strdup(name);
    file->whole = true;
    buffer_init(&file->data, 4096);
    buffer_add_text(&file->data, text);
}

void quick_run(struct task *task, struct visit *visit)
{
    struct place_result result;
    struct error error = {""};

    place_result_init(&result);
    if (planter_run(task, &result, &error) != 0 && error.text[0] == '\0')
        abort();
    place_result_free(&result);
    task_free(task);
    visit_free(visit);
}
