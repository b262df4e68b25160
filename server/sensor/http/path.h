/* SPDX-License-Identifier: ISC
 *
 * A request's path as nginx reads it for its locations and files, and as the product reads it: nginx passes on what was
 * sent (proxy_pass without a URI), joined by nobody. RFC 3986, 5.2.4 and 6.2.2. */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include "server/base/buffer.h"

#define PATH_MAXIMUM 8192 /* bytes; no line of a head is longer */

struct path_text {
    unsigned char data[PATH_MAXIMUM];
    size_t length;
};

/* As nginx 1.22 does it with merge_slashes: escapes decoded, escaped slashes and dots as good as others; //, /./ and
 * /x/../ gone. -1: what nginx refuses, which is a way above the root, %00, or an escape of no byte. */
int path_join(struct slice path, struct path_text *joined);
/* As a product does it: decoded once, but an escaped slash divides no segments and stays as it is; no slash at the end.
 * merges: several slashes in a row are one. Points into the path or into `decoded`. */
struct slice path_decode(struct slice path, bool merges, struct path_text *decoded);

#endif
