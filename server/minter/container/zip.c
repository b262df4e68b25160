/* SPDX-License-Identifier: ISC */
#include "server/minter/container/zip.h"

#include <time.h>
#include <zlib.h>
#include "server/minter/container/containers.h"

#define LOCAL 0x04034b50
#define CENTRAL 0x02014b50
#define END 0x06054b50
#define STORED 0
#define DEFLATED 8
#define ARCHIVE 0x20     /* the attribute that Windows gives every file */
#define HINT 0xa220      /* room that Office leaves behind the names of the first parts */
#define HINT_BYTES 512
#define HINTED 2
#define PROTECTED 1 /* a flag */
#define AES_METHOD 99
#define AES_EXTRA 0x9901
#define TIMES_EXTRA 0x000a /* NTFS's */
#define TIMES_BYTES 36
#define FILETIME_EPOCH 11644473600LL
#define FILETIME_SECOND 10000000

/* What the headers of one file say. */
struct entry {
    const char *name;
    unsigned needed, flags, method, packed_by, time, date; /* packed_by: the method within AES */
    uint32_t crc;
    size_t packed, size, at;
};

void add_little(struct buffer *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buffer_add_char(out, (char)(value >> 8 * i));
}

uint64_t filetime(int64_t time, const struct draw *draw)
{
    return (uint64_t)(time + FILETIME_EPOCH) * FILETIME_SECOND + draw_below(draw, FILETIME_SECOND);
}

struct tm contents_local(const struct contents *contents)
{
    time_t local = (time_t)(contents->time + 60 * zone_offset(&contents->zone, contents->time));
    struct tm broken;

    gmtime_r(&local, &broken);
    return broken;
}

void zip_open(struct zip *zip, enum zip_style style, const struct contents *contents, struct buffer *out)
{
    *zip = (struct zip){.out = out, .style = style, .contents = contents, .start = out->length};
    buffer_init(&zip->directory, 64 * 1024);
}

/* Two seconds are the least that it can tell; 1980-01-01 is its zero. */
static void date_entry(const struct zip *zip, struct entry *entry)
{
    struct tm local = contents_local(zip->contents);

    entry->date = 0x21;
    if (zip->style == ZIP_OFFICE || local.tm_year < 80)
        return;
    entry->time = (unsigned)(local.tm_hour << 11 | local.tm_min << 5 | local.tm_sec / 2);
    entry->date = (unsigned)((local.tm_year - 80) << 9 | (local.tm_mon + 1) << 5 | local.tm_mday);
}

static int protect(const struct zip *zip, struct entry *entry, uint32_t crc, struct buffer *data)
{
    struct buffer plain = *data;
    int rc;

    if (zip->style != ZIP_CRYPTO && zip->style != ZIP_AES)
        return 0;
    buffer_init(data, zip->out->maximum);
    entry->flags |= PROTECTED;
    if (zip->style == ZIP_AES) {
        entry->method = AES_METHOD;
        entry->needed = 51;
        entry->crc = 0; /* AE-2 */
    }
    rc = zip->style == ZIP_AES ? zip_seal(zip->contents, buffer_slice(&plain), data)
                               : zip_hide(zip->contents, crc, buffer_slice(&plain), data);
    buffer_free(&plain);
    return rc;
}

/* AE-2, 256 bits, and how the file is compressed. */
static void add_aes(struct buffer *out, const struct entry *entry)
{
    add_little(out, AES_EXTRA, 2);
    add_little(out, 7, 2);
    add_little(out, 2, 2);
    buffer_add_text(out, "AE");
    add_little(out, 3, 1);
    add_little(out, entry->packed_by, 2);
}

/* When it was changed, read, made: it was opened in the minutes before. */
static void add_times(struct buffer *out, const struct contents *contents)
{
    uint64_t changed = filetime(contents->time, contents->draw);
    uint64_t made = filetime(contents->time - 20 - (int64_t)draw_below(contents->draw, 600), contents->draw);

    add_little(out, TIMES_EXTRA, 2);
    add_little(out, TIMES_BYTES - 4, 2);
    add_little(out, 0, 4);
    add_little(out, 1, 2);
    add_little(out, 24, 2);
    add_little(out, changed, 8);
    add_little(out, changed, 8);
    add_little(out, made, 8);
}

/* What both headers hold, from the version on. */
static void add_common(struct buffer *out, const struct entry *entry)
{
    add_little(out, entry->needed, 2);
    add_little(out, entry->flags, 2);
    add_little(out, entry->method, 2);
    add_little(out, entry->time, 2);
    add_little(out, entry->date, 2);
    add_little(out, entry->crc, 4);
    add_little(out, entry->packed, 4);
    add_little(out, entry->size, 4);
    add_little(out, strlen(entry->name), 2);
}

static void add_local(struct zip *zip, const struct entry *entry)
{
    bool hinted = zip->style == ZIP_OFFICE && zip->count < HINTED;

    add_little(zip->out, LOCAL, 4);
    add_common(zip->out, entry);
    add_little(zip->out, hinted ? 8 + HINT_BYTES : entry->method == AES_METHOD ? 11 : 0, 2);
    buffer_add_text(zip->out, entry->name);
    if (entry->method == AES_METHOD)
        add_aes(zip->out, entry);
    if (!hinted)
        return;
    add_little(zip->out, HINT, 2);
    add_little(zip->out, 4 + HINT_BYTES, 2);
    add_little(zip->out, 0xa028, 2);
    add_little(zip->out, HINT_BYTES, 2);
    for (int i = 0; i < HINT_BYTES; i++)
        buffer_add_char(zip->out, 0);
}

static void add_central(struct zip *zip, const struct entry *entry)
{
    static const unsigned char versions[] = {[ZIP_EXPLORER] = 20, [ZIP_OFFICE] = 45, [ZIP_CRYPTO] = 63, [ZIP_AES] = 63};
    bool timed = (entry->flags & PROTECTED) != 0, aes = entry->method == AES_METHOD;
    struct buffer *out = &zip->directory;

    add_little(out, CENTRAL, 4);
    add_little(out, versions[zip->style], 2);
    add_common(out, entry);
    add_little(out, (timed ? TIMES_BYTES : 0) + (aes ? 11 : 0), 2);
    add_little(out, 0, 2); /* comment */
    add_little(out, 0, 2); /* disk */
    add_little(out, 0, 2); /* internal attributes */
    add_little(out, zip->style == ZIP_OFFICE ? 0 : ARCHIVE, 4);
    add_little(out, entry->at, 4);
    buffer_add_text(out, entry->name);
    if (timed)
        add_times(out, zip->contents);
    if (aes)
        add_aes(out, entry);
}

int zip_add(struct zip *zip, const char *name, struct slice data, struct error *error)
{
    struct entry entry = {.name = name, .needed = 20, .method = DEFLATED, .size = data.length};
    struct buffer packed;
    int rc;

    buffer_init(&packed, zip->out->maximum);
    entry.crc = (uint32_t)crc32_z(0, data.data, data.length);
    entry.at = zip->out->length - zip->start;
    entry.flags = zip->style == ZIP_OFFICE ? 6 : 0; /* "super fast", as Office says */
    date_entry(zip, &entry);
    rc = deflate_into(data, -MAX_WBITS, &packed);
    if (rc == 0 && zip->style != ZIP_OFFICE && packed.length >= data.length) {
        buffer_clear(&packed);
        buffer_add_slice(&packed, data);
        entry.method = STORED;
    }
    entry.packed_by = entry.method;
    if (rc == 0)
        rc = protect(zip, &entry, entry.crc, &packed);
    entry.packed = packed.length;
    add_local(zip, &entry);
    add_central(zip, &entry);
    zip->count++;
    if (rc != 0 || buffer_add_slice(zip->out, buffer_slice(&packed)) != 0)
        rc = error_set(error, "'%.100s' does not fit into an archive, or memory ran out", name);
    buffer_free(&packed);
    return rc;
}

int zip_close(struct zip *zip, int rc, struct error *error)
{
    size_t at = zip->out->length - zip->start;

    buffer_add_slice(zip->out, buffer_slice(&zip->directory));
    add_little(zip->out, END, 4);
    add_little(zip->out, 0, 4); /* disks */
    add_little(zip->out, zip->count, 2);
    add_little(zip->out, zip->count, 2);
    add_little(zip->out, zip->directory.length, 4);
    add_little(zip->out, at, 4);
    add_little(zip->out, 0, 2); /* comment */
    buffer_free(&zip->directory);
    return rc == 0 && zip->out->failed ? error_set(error, "an archive is too large, or memory ran out") : rc;
}

static int archive(enum zip_style style, const struct contents *contents, struct buffer *out, struct error *error)
{
    struct zip zip;

    zip_open(&zip, style, contents, out);
    return zip_close(&zip, zip_add(&zip, contents->name, contents->text, error), error);
}

int container_zip(const struct contents *contents, struct buffer *out, struct error *error)
{
    return archive(ZIP_EXPLORER, contents, out, error);
}

int container_zip_crypto(const struct contents *contents, struct buffer *out, struct error *error)
{
    return archive(ZIP_CRYPTO, contents, out, error);
}

int container_zip_aes(const struct contents *contents, struct buffer *out, struct error *error)
{
    return archive(ZIP_AES, contents, out, error);
}
