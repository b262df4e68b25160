/* SPDX-License-Identifier: ISC
 *
 * For scenarios: draw_directory LANGUAGE DOMAIN prints the face of a directory decoy as the minter draws it. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "server/minter/directory.h"
#include "server/minter/minter.h"
#include "server/minter/persona.h"

int main(int argc, char **argv)
{
    const char *data = getenv("SUNDEW_DATADIR");
    struct minter minter;
    struct error error = {""};
    json_t *persona = NULL, *parameters = NULL, *face = NULL;
    char host[300];

    if (argc != 3 || sodium_init() < 0)
        return 2;
    if (minter_open(&minter, data == NULL ? "../templates" : data, &minter_draw, minter_now, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    snprintf(host, sizeof host, "ldap.%s", argv[2]);
    persona = persona_draw("Example Rail", argv[2], argv[1], minter_now(), minter.draw, &error);
    json_object_set_new(persona, "directory", directory_units(minter.directory, argv[1], minter.draw));
    parameters = json_pack("{sO s{ss ss ss}}", "persona", persona, "decoy", "name", "ldap", "service", "ldap", "host",
                           host);
    face = directory_draw(minter.directory, parameters, minter_now(), minter.draw, &error);
    if (face == NULL)
        fprintf(stderr, "%s\n", error.text);
    else
        json_dumpf(face, stdout, JSON_COMPACT);
    json_decref(persona);
    json_decref(parameters);
    json_decref(face);
    minter_close(&minter);
    return face == NULL ? 1 : 0;
}
