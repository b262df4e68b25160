/* SPDX-License-Identifier: ISC
 *
 * Writing ZIP archives (PKWARE's APPNOTE 6.3), each as the program does that people make such archives with. */
#ifndef MINTER_CONTAINER_ZIP_H
#define MINTER_CONTAINER_ZIP_H

#include "server/minter/container.h"

/* EXPLORER: Windows' "compressed folder". OFFICE: Word's and Excel's files, which bear no times. CRYPTO, AES: 7-Zip's
 * protected ones. */
enum zip_style { ZIP_EXPLORER, ZIP_OFFICE, ZIP_CRYPTO, ZIP_AES };

struct zip {
    struct buffer *out, directory;
    enum zip_style style;
    const struct contents *contents; /* times, password, chance */
    size_t start;                    /* of the archive in `out` */
    unsigned count;
};

/* zip_close() in any case. */
void zip_open(struct zip *zip, enum zip_style style, const struct contents *contents, struct buffer *out);
int zip_add(struct zip *zip, const char *name, struct slice data, struct error *error);
/* rc: how it went so far; returned when that was a failure. */
int zip_close(struct zip *zip, int rc, struct error *error);

/* zip_cipher.c: adds the compressed data as CRYPTO and AES protect it. -1 when it does not fit or memory ran out. */
int zip_hide(const struct contents *contents, uint32_t crc, struct slice data, struct buffer *out);
int zip_seal(const struct contents *contents, struct slice data, struct buffer *out);

#endif
