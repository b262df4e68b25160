/* SPDX-License-Identifier: ISC
 *
 * Merging a request at a forge, as the account. */
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/planter/forge.h"

#define TRIES 3 /* forges look whether a new request can be merged only after it was made */

bool forge_is_merged(const struct forge_stay *stay, const json_t *answer)
{
    char state[64];

    forge_text(answer, stay->kind->request.state, state, sizeof state);
    return json_is_true(forge_member(answer, stay->kind->request.merged)) || strcasecmp(state, "merged") == 0;
}

/* Also the version that merging must name. */
static bool look(struct forge_stay *stay)
{
    json_t *answer = NULL;
    struct error ignored;
    bool merged = false;

    if (forge_do(stay, &stay->kind->request.look, false, "", &answer, &ignored) == 1) {
        merged = forge_is_merged(stay, answer);
        if (forge_text(answer, stay->kind->request.version, stay->version, sizeof stay->version))
            stay->value['v'] = stay->version;
    }
    json_decref(answer);
    return merged;
}

/* The branch, whole as it was merged; some forges delete it themselves. */
static void leave(struct forge_stay *stay)
{
    char tip[FORGE_NAME] = "";
    struct error ignored;
    int held;

    if (forge_tip(stay, stay->source, tip, &ignored) != 1)
        return;
    held = forge_holds(stay, stay->branch, tip, &ignored);
    stay->value['h'] = tip;
    if (held != 1 || forge_do(stay, &stay->kind->request.leave, false, "", NULL, &ignored) < 0)
        place_note(stay->result, "The branch %s was not deleted; it is still there.", stay->source);
    stay->value['h'] = NULL;
}

void forge_merge(struct forge_stay *stay)
{
    struct error why;

    stay->value['r'] = stay->request;
    for (int i = 0; i < TRIES && !stay->merged; i++) {
        struct timespec pause = {.tv_sec = i};
        int status, rc;

        while (nanosleep(&pause, &pause) != 0)
            ;
        stay->merged = look(stay);
        if (stay->merged)
            break;
        rc = forge_do(stay, &stay->kind->request.merge, true, "", NULL, &why);
        status = stay->web->status;
        web_words(stay->web, stay->refusal);
        stay->merged = rc == 1 || look(stay);
        if (!stay->merged && status != 405 && status != 409 && status != 422)
            break;
    }
    if (stay->merged)
        leave(stay);
}
