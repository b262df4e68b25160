/* SPDX-License-Identifier: ISC */
#include "server/finder/zip.h"

#include <unistd.h>

#define HEADER 30 /* bytes of a local header, without name and extra fields */
#define SIGNATURE 4
#define DESCRIPTOR 24 /* bytes of a data descriptor, at most */
#define EXTRA_ZIP64 1
#define RECORD 46        /* bytes of a directory's record, without name and the like */
#define END 22           /* bytes of the end of the directory, without its comment */
#define COMMENT 65535    /* bytes of it, at most */

enum entry_flag { ENTRY_ENCRYPTED = 1, ENTRY_DESCRIBED = 8 }; /* sizes stand behind the bytes */
enum entry_method { METHOD_STORED = 0, METHOD_DEFLATED = 8 };

struct entry {
    unsigned flags, method;
    uint64_t packed; /* bytes; INPUT_ALL: nobody knows yet */
    char name[SOURCE_MEMBER];
    struct slice named; /* the name */
};

/* ---- little-endian numbers ---- */

static uint64_t number_at(struct slice bytes, size_t at, size_t width)
{
    uint64_t number = 0;

    if (at > bytes.length || width > bytes.length - at)
        return 0;
    for (size_t i = width; i > 0; i--)
        number = number << 8 | bytes.data[at + i - 1];
    return number;
}

/* ---- records ---- */

static bool begins(struct slice front, const char *signature)
{
    return front.length >= SIGNATURE && memcmp(front.data, signature, SIGNATURE) == 0;
}

static bool is_entry(struct slice front)
{
    return begins(front, "PK\3\4");
}

static bool is_directory(struct slice front)
{
    return begins(front, "PK\1\2") || begins(front, "PK\5\6") || begins(front, "PK\6\6") || begins(front, "PK\6\7");
}

/* A part of an archive that was in parts begins with a mark of its own. */
static bool is_marked(struct slice front)
{
    return (begins(front, "PK\7\10") || begins(front, "PK00")) && is_entry(slice_behind(front, SIGNATURE));
}

bool zip_is(struct slice front)
{
    return is_entry(front) || is_marked(front);
}

/* Bytes before what may be a signature. */
static size_t before(struct slice front, const char *signature)
{
    size_t at = slice_find(front, signature);

    if (at < front.length)
        return at;
    return front.length >= SIGNATURE ? front.length - (SIGNATURE - 1) : front.length;
}

static size_t before_entry(struct slice front)
{
    return before(front, "PK\3\4");
}

/* ---- sizes behind the bytes ---- */

/* That of `length` bytes with that checksum? */
static bool describes(struct slice front, uint32_t crc, uint64_t length)
{
    return begins(front, "PK\7\10") && number_at(front, 4, 4) == crc &&
           (number_at(front, 8, 8) == length || number_at(front, 8, 4) == length);
}

/* Stored bytes up to their descriptor. */
static ssize_t read_described(struct input *input, unsigned char *bytes, size_t size, struct error *error)
{
    struct slice front = input_need(input->from, DESCRIPTOR);
    size_t length = before(front, "PK\7\10");

    if (front.length == 0)
        return error_set(error, "%s", input->from->failed ? "" : "it is cut off: it was searched up to there");
    if (length == 0 && describes(front, input->crc, input->taken))
        return 0;
    length = length == 0 ? 1 : length < size ? length : size;
    length = input_read(input->from, bytes, length);
    input->crc = (uint32_t)crc32(input->crc, bytes, (uInt)length);
    return (ssize_t)length;
}

/* The descriptor has a signature or not, and 4 or 8 bytes for a size: what follows says which. */
static void skip_descriptor(struct input *input)
{
    struct slice front = input_need(input, DESCRIPTOR + SIGNATURE);
    static const size_t lengths[] = {0, 12, 16, 20, 24};

    for (size_t i = begins(front, "PK\7\10") ? 2 : 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct slice behind = slice_behind(front, lengths[i]);

        if (is_entry(behind) || is_directory(behind)) {
            input_skip(input, lengths[i]);
            return;
        }
    }
}

/* ---- an entry ---- */

static void damaged(struct source *source, const struct input *input)
{
    source_note(source, "the archive is damaged at byte %llu", (unsigned long long)input_position(input));
}

/* The size that did not fit into 4 bytes. */
static uint64_t long_size(struct slice extra, bool unpacked)
{
    while (extra.length >= 4) {
        size_t length = (size_t)number_at(extra, 2, 2);

        if (number_at(extra, 0, 2) == EXTRA_ZIP64)
            return number_at(extra, unpacked ? 12 : 4, 8);
        extra = slice_behind(extra, 4 + length);
    }
    return 0;
}

/* Its header is behind then. */
static void read_header(struct input *input, struct entry *entry)
{
    struct slice front = input_need(input, HEADER), name, extra;
    size_t names = (size_t)number_at(front, 26, 2), extras = (size_t)number_at(front, 28, 2);
    bool empty;

    front = input_need(input, HEADER + names + extras);
    name = slice_behind(front, HEADER);
    extra = slice_behind(front, HEADER + names);
    name.length = name.length < names ? name.length : names;
    extra.length = extra.length < extras ? extra.length : extras;
    entry->flags = (unsigned)number_at(front, 6, 2);
    entry->method = (unsigned)number_at(front, 8, 2);
    entry->packed = number_at(front, 18, 4);
    empty = entry->method == METHOD_STORED && name.length > 0 && name.data[name.length - 1] == '/'; /* a folder */
    if (entry->packed == UINT32_MAX)
        entry->packed = long_size(extra, number_at(front, 22, 4) == UINT32_MAX);
    if (entry->packed == 0 && (entry->flags & ENTRY_DESCRIBED) && !empty)
        entry->packed = INPUT_ALL;
    name.length = slice_cut(name, sizeof entry->name);
    memcpy(entry->name, name.length > 0 ? name.data : (const unsigned char *)"", name.length);
    entry->named = (struct slice){(const unsigned char *)entry->name, name.length};
    input_pass(input, HEADER + names + extras);
}

static const char *why_not(const struct entry *entry)
{
    if (entry->flags & ENTRY_ENCRYPTED)
        return "it is encrypted, and was passed over";
    if (entry->method != METHOD_STORED && entry->method != METHOD_DEFLATED)
        return "it is compressed in a way that is not known here, and was passed over";
    return NULL;
}

static void pass_over(struct source *source, struct input *input, const struct entry *entry, const char *why)
{
    size_t outside = source_enter(source, entry->named);

    source_note(source, "%s", why);
    source_leave(source, outside);
    if (entry->packed != INPUT_ALL)
        input_pass(input, entry->packed);
    else
        source_others(source, input, before_entry);
}

static void search_entry(struct source *source, struct input *input, const struct entry *entry)
{
    struct input *member;

    if (entry->method == METHOD_DEFLATED)
        member = input_inflate(input, -15, entry->packed);
    else if (entry->packed != INPUT_ALL)
        member = input_part(input, entry->packed);
    else
        member = input_behind(input, INPUT_ALL, read_described);
    source_member(source, member, entry->named);
    if (member->left == INPUT_ALL)
        return;
    if (member->left > 0 && !member->failed)
        damaged(source, input);
    input_pass(input, member->left);
}

static void read_entry(struct source *source, struct input *input)
{
    struct entry entry;
    const char *why;

    read_header(input, &entry);
    why = why_not(&entry);
    if (why != NULL)
        pass_over(source, input, &entry, why);
    else
        search_entry(source, input, &entry);
    if (entry.flags & ENTRY_DESCRIBED)
        skip_descriptor(input);
}

/* ---- behind a program ---- */

/* Where in the bytes the last end of a directory stands that reaches to their end; or their length. */
static size_t find_end(struct slice bytes)
{
    for (size_t at = bytes.length; at-- > 0;) {
        struct slice end = slice_behind(bytes, at);

        if (begins(end, "PK\5\6") && end.length >= END && number_at(end, 20, 2) == end.length - END)
            return at;
    }
    return bytes.length;
}

/* Bytes of the file at that place; 0 also where there are not so many. */
static size_t bytes_at(int fd, uint64_t at, unsigned char *bytes, size_t size)
{
    return at <= INT64_MAX && pread(fd, bytes, size, (off_t)at) == (ssize_t)size ? size : 0;
}

/* Where the first header stands, by the end of the directory at `end`, or 0: sizes and places are from the archive's begin
 * on, or from the file's. */
static uint64_t first_entry(int fd, struct slice end, uint64_t at)
{
    uint64_t size = number_at(end, 12, 4), begin = number_at(end, 16, 4), first;
    unsigned char record[RECORD], header[SIGNATURE];
    struct slice directory = {record, 0};

    if (size > at || begin > at - size)
        return 0;
    directory.length = bytes_at(fd, at - size, record, sizeof record);
    first = at - size - begin + number_at(directory, 42, 4);
    return begins(directory, "PK\1\2") && bytes_at(fd, first, header, sizeof header) > 0 &&
                   is_entry((struct slice){header, sizeof header})
               ? first
               : 0;
}

bool zip_is_behind(struct input *file, uint64_t *before)
{
    off_t here = lseek(file->fd, 0, SEEK_CUR), size = here < 0 ? -1 : lseek(file->fd, 0, SEEK_END);
    unsigned char bytes[END + COMMENT];
    size_t length = size < (off_t)sizeof bytes ? (size_t)(size < 0 ? 0 : size) : sizeof bytes, at;
    struct slice front = input_need(file, 2 * SIGNATURE), tail = {bytes, 0};
    uint64_t start, first;

    if (here < 0 || lseek(file->fd, here, SEEK_SET) != here || length < END || front.length < SIGNATURE)
        return false;
    if (!begins(front, "\x7f" "ELF") && memcmp(front.data, "MZ", 2) != 0 && memcmp(front.data, "#!", 2) != 0)
        length = END; /* no program: a comment is not looked for */
    tail.length = bytes_at(file->fd, (uint64_t)size - length, bytes, length);
    at = find_end(tail);
    start = (uint64_t)here - (file->length - file->at); /* of the front */
    first = at < tail.length ? first_entry(file->fd, slice_behind(tail, at), (uint64_t)size - length + at) : 0;
    *before = first - start;
    return first > start;
}

void zip_unpack(struct source *source, struct input *input)
{
    struct slice front = input_need(input, 2 * SIGNATURE);
    bool whole = false, told = false;

    if (is_marked(front))
        input_skip(input, SIGNATURE);
    while ((front = input_need(input, SIGNATURE)).length > 0) {
        if (is_entry(front)) {
            read_entry(source, input);
            continue;
        }
        if (is_directory(front))
            whole = true;
        else if (!whole && !told)
            damaged(source, input);
        told = true;
        source_others(source, input, before_entry);
    }
    if (!whole && !input->failed)
        source_note(source, "the archive is cut off: it was searched up to there");
}
