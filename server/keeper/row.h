/* SPDX-License-Identifier: ISC
 *
 * How the packed columns of a row are made; observe.h reads them. */
#ifndef KEEPER_ROW_H
#define KEEPER_ROW_H

#include "server/keeper/observe.h"

void flow_pack(struct buffer *out, const struct observation *observation);
void presented_pack(struct buffer *out, const struct observation *observation, const struct recognition *recognition);

#endif
