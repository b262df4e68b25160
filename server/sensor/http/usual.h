/* SPDX-License-Identifier: ISC
 *
 * Headers in which browsers, proxies and tools speak of themselves and of the message: what ordinarily stands in them
 * is no credential, and is not looked up. What else somebody puts there is. */
#ifndef HTTP_USUAL_H
#define HTTP_USUAL_H

#include <stdbool.h>
#include "server/base/buffer.h"

/* Is it such a header, with what it ordinarily has? */
bool usual_header(struct slice name, struct slice value);

#endif
