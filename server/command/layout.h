/* SPDX-License-Identifier: ISC
 *
 * What `init` writes: the choices, and the text of sundew.yaml. */
#ifndef COMMAND_LAYOUT_H
#define COMMAND_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/command/options.h"

#define LAYOUT_DECOYS 8
#define LAYOUT_ALLOWED 1024
#define LAYOUT_HOSTS 8

/* A decoy that `init` can make. */
struct layout_decoy {
    const char *name, *service, *site;
    const char *hosts[LAYOUT_HOSTS]; /* one is drawn for its name */
    uint16_t first_port, second_port;
    const char *first_tls, *second_tls;
    bool can_grant; /* its site says what the right secret opens */
};

struct layout {
    char organisation[256], domain[254];
    const char *language, *address;
    uint16_t port_base; /* 0: standard ports */
    const struct layout_decoy *decoys[LAYOUT_DECOYS];
    bool grants[LAYOUT_DECOYS]; /* of decoys */
    size_t decoy_count;
    const char *url;            /* of the route, or NULL */
    char allow[LAYOUT_ALLOWED]; /* networks, separated by ", " */
    char *certificate, *key;    /* the operator's own, or NULL */
    bool self_signed;
};

/* Reads the options of `init`; looks up the route's host. 0; 2 for a usage error, 3 when something cannot be had.
 * layout_free() is due either way. */
int layout_read(const struct options *options, struct layout *layout, struct error *error);
void layout_free(struct layout *layout);
/* Adds sundew.yaml; draws the decoys' host names. */
void layout_write(const struct layout *layout, struct buffer *text);

#endif
