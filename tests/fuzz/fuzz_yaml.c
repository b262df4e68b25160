/* SPDX-License-Identifier: ISC
 *
 * The YAML reader with its typed getters, and the configuration read from it. */
#include <stdint.h>
#include <unistd.h>
#include "server/base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct yaml *node)
{
    static const char *const none[] = {"organisation", NULL};
    struct error error;
    const char *text;
    int64_t number;
    bool flag;

    yaml_only(node, none, &error);
    for (size_t i = 0; i < node->count; i++) {
        if (node->type == YAML_MAP) {
            yaml_text(node, node->keys[i]->text, &text, &error);
            yaml_integer(node, node->keys[i]->text, -5, 5, &number, &error);
            yaml_bool(node, node->keys[i]->text, &flag, &error);
            yaml_duration(node, node->keys[i]->text, &number, &error);
            yaml_size(node, node->keys[i]->text, &number, &error);
        }
        walk(node->items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *root = NULL;
    struct error error;

    if (yaml_load((struct slice){data, size}, "fuzz", &root, &error) == 0)
        walk(root);
    yaml_discard(root);
    return 0;
}
