/* SPDX-License-Identifier: ISC
 *
 * The body of a request: Content-Length or chunked (RFC 9112 section 7.1), refused at the byte where nginx 1.22
 * refuses. At most BODY_KEPT bytes are kept: the first and, of a longer one, the last BODY_TAIL, where what is behind a
 * file in a form stands. Chunk extensions and trailers are passed over. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

#define BODY_KEPT (256 * 1024)
#define BODY_TAIL (64 * 1024)

enum body_result { BODY_MORE, BODY_DONE, BODY_REFUSED };

struct body {
    uint8_t state;
    uint16_t status; /* when refused: 400, 413 */
    uint64_t left;   /* of the chunk or of the whole */
    uint64_t length; /* bytes of body so far */
    uint64_t limit;  /* most bytes; 0: any number */
    uint32_t tail;   /* where the tail that is kept begins, in the last BODY_TAIL bytes of a full `kept` */
};

/* length counts only where the body is not chunked. */
void body_begin(struct body *body, bool chunked, uint64_t length, uint64_t limit);
/* Takes from the input; *used bytes of it are done with. `kept` (maximum at least BODY_KEPT) grows; where memory runs
 * out less is kept. */
enum body_result body_take(struct body *body, struct slice input, size_t *used, struct buffer *kept);
/* Puts what is kept in order; to be called before it is read. */
void body_settle(struct body *body, struct buffer *kept);

#endif
