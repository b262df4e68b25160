/* SPDX-License-Identifier: ISC
 *
 * A KeePass database, KDBX 3.1, as KeePass 2 saves it by default: AES-KDF, AES-256, GZip, Salsa20 within. A heading of
 * the text is a group, a row an entry: title, user name, password, address, notes. */
#include <openssl/evp.h>
#include <sodium.h>
#include <time.h>
#include <zlib.h>
#include "server/minter/container/containers.h"

#define ROUNDS 60000
#define HASH 32
#define BLOCK 16
#define XML_BYTES (512 * 1024)
#define FIELDS 5
#define DAY 86400

struct store {
    const struct contents *contents;
    unsigned char seed[HASH], transform[HASH], start[HASH], inner[HASH], iv[BLOCK];
    struct buffer header, xml;
    size_t hidden; /* bytes of the inner stream that are used */
};

static void draw_bytes(struct store *store, void *out, size_t length)
{
    store->contents->draw->bytes(store->contents->draw->context, out, length);
}

static void add_base64(struct buffer *out, struct slice bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.length, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *room = buffer_reserve(out, size);

    if (room == NULL)
        return;
    sodium_bin2base64((char *)room, size, bytes.data, bytes.length, sodium_base64_VARIANT_ORIGINAL);
    buffer_grow(out, size - 1);
}

/* ---- the header ---- */

static void add_head(struct buffer *out, unsigned char id, const void *data, unsigned length)
{
    buffer_add_char(out, (char)id);
    add_little(out, length, 2);
    buffer_add(out, data, length);
}

static void add_head_number(struct buffer *out, unsigned char id, uint64_t value, unsigned bytes)
{
    buffer_add_char(out, (char)id);
    add_little(out, bytes, 2);
    add_little(out, value, bytes);
}

static void header(struct store *store)
{
    static const unsigned char aes[] = {0x31, 0xc1, 0xf2, 0xe6, 0xbf, 0x71, 0x43, 0x50,
                                        0xbe, 0x58, 0x05, 0x21, 0x6a, 0xfc, 0x5a, 0xff};
    struct buffer *out = &store->header;

    add_little(out, 0x9aa2d903, 4);
    add_little(out, 0xb54bfb67, 4);
    add_little(out, 0x00030001, 4);
    add_head(out, 2, aes, sizeof aes);
    add_head_number(out, 3, 1, 4);
    add_head(out, 4, store->seed, HASH);
    add_head(out, 5, store->transform, HASH);
    add_head_number(out, 6, ROUNDS, 8);
    add_head(out, 7, store->iv, BLOCK);
    add_head(out, 8, store->inner, HASH);
    add_head(out, 9, store->start, HASH);
    add_head_number(out, 10, 2, 4);
    add_head(out, 0, "\r\n\r\n", 4);
}

/* ---- the entries ---- */

static void add_uuid(struct store *store)
{
    unsigned char uuid[16];

    draw_bytes(store, uuid, sizeof uuid);
    buffer_add_text(&store->xml, "<UUID>");
    add_base64(&store->xml, (struct slice){uuid, sizeof uuid});
    buffer_add_text(&store->xml, "</UUID>\r\n");
}

static void add_time(struct buffer *out, const char *name, int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    buffer_add_format(out, "<%s>%s</%s>\r\n", name, text, name);
}

static void add_times(struct store *store)
{
    const struct contents *contents = store->contents;
    int64_t made = when_between(&contents->zone, contents->time - 400 * DAY, contents->time - DAY, contents->draw);

    buffer_add_text(&store->xml, "<Times>\r\n");
    add_time(&store->xml, "CreationTime", made);
    add_time(&store->xml, "LastModificationTime", made + 30 + (int64_t)draw_below(contents->draw, 300));
    add_time(&store->xml, "LastAccessTime", contents->time);
    add_time(&store->xml, "ExpiryTime", made);
    buffer_add_text(&store->xml, "<Expires>False</Expires>\r\n<UsageCount>0</UsageCount>\r\n");
    add_time(&store->xml, "LocationChanged", made);
    buffer_add_text(&store->xml, "</Times>\r\n");
}

/* XOR with what follows in the inner stream. */
static void add_hidden(struct store *store, struct slice text)
{
    static const unsigned char nonce[] = {0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a};
    unsigned char key[HASH];
    struct buffer hidden;

    crypto_hash_sha256(key, store->inner, HASH);
    buffer_init(&hidden, XML_BYTES);
    for (size_t i = 0; i < store->hidden; i++)
        buffer_add_char(&hidden, 0);
    buffer_add_slice(&hidden, text);
    if (hidden.length > 0 && !hidden.failed)
        crypto_stream_salsa20_xor(hidden.data, hidden.data, hidden.length, nonce, key);
    buffer_add_text(&store->xml, "<Value Protected=\"True\">");
    if (!hidden.failed)
        add_base64(&store->xml, (struct slice){hidden.data + store->hidden, text.length});
    buffer_add_text(&store->xml, "</Value>");
    store->hidden += text.length;
    store->xml.failed |= hidden.failed;
    buffer_free(&hidden);
}

static void add_field(struct store *store, const char *key, struct slice value)
{
    buffer_add_format(&store->xml, "<String>\r\n<Key>%s</Key>\r\n", key);
    if (strcmp(key, "Password") == 0) {
        add_hidden(store, value);
    } else {
        buffer_add_text(&store->xml, "<Value>");
        add_xml(&store->xml, value);
        buffer_add_text(&store->xml, "</Value>");
    }
    buffer_add_text(&store->xml, "\r\n</String>\r\n");
}

static void add_entry(struct store *store, struct slice row)
{
    static const char *const fields[FIELDS] = {"Title", "UserName", "Password", "URL", "Notes"};
    static const int order[FIELDS] = {4, 2, 0, 3, 1}; /* by name, as KeePass sorts them */
    struct slice values[FIELDS] = {SLICE_NONE};

    for (size_t i = 0; i < FIELDS && document_cell(&row, &values[i]); i++)
        ;
    buffer_add_text(&store->xml, "<Entry>\r\n");
    add_uuid(store);
    buffer_add_text(&store->xml, "<IconID>0</IconID>\r\n<ForegroundColor></ForegroundColor>\r\n"
                                 "<BackgroundColor></BackgroundColor>\r\n<OverrideURL></OverrideURL>\r\n<Tags></Tags>\r\n");
    add_times(store);
    for (size_t i = 0; i < FIELDS; i++)
        add_field(store, fields[order[i]], values[order[i]]);
    buffer_add_text(&store->xml, "<AutoType>\r\n<Enabled>True</Enabled>\r\n"
                                 "<DataTransferObfuscation>0</DataTransferObfuscation>\r\n</AutoType>\r\n<History />\r\n"
                                 "</Entry>\r\n");
}

static void open_group(struct store *store, struct slice name)
{
    buffer_add_text(&store->xml, "<Group>\r\n");
    add_uuid(store);
    buffer_add_text(&store->xml, "<Name>");
    add_xml(&store->xml, name);
    buffer_add_text(&store->xml, "</Name>\r\n<Notes></Notes>\r\n<IconID>48</IconID>\r\n");
    add_times(store);
    buffer_add_text(&store->xml, "<IsExpanded>True</IsExpanded>\r\n<DefaultAutoTypeSequence></DefaultAutoTypeSequence>\r\n"
                                 "<EnableAutoType>null</EnableAutoType>\r\n<EnableSearching>null</EnableSearching>\r\n"
                                 "<LastTopVisibleEntry>AAAAAAAAAAAAAAAAAAAAAA==</LastTopVisibleEntry>\r\n");
}

static void add_meta(struct store *store, struct slice name)
{
    const struct contents *contents = store->contents;
    unsigned char hash[HASH];
    int64_t made = when_between(&contents->zone, contents->time - 800 * DAY, contents->time - 401 * DAY, contents->draw);

    crypto_hash_sha256(hash, store->header.data, store->header.length);
    buffer_add_text(&store->xml, "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<KeePassFile>\r\n<Meta>\r\n"
                                 "<Generator>KeePass</Generator>\r\n<HeaderHash>");
    add_base64(&store->xml, (struct slice){hash, HASH});
    buffer_add_text(&store->xml, "</HeaderHash>\r\n<DatabaseName>");
    add_xml(&store->xml, name);
    buffer_add_text(&store->xml, "</DatabaseName>\r\n");
    add_time(&store->xml, "DatabaseNameChanged", made);
    add_time(&store->xml, "MasterKeyChanged", made);
    buffer_add_text(&store->xml, "<MasterKeyChangeRec>-1</MasterKeyChangeRec>\r\n<MasterKeyChangeForce>-1"
                                 "</MasterKeyChangeForce>\r\n<MemoryProtection>\r\n<ProtectTitle>False</ProtectTitle>\r\n"
                                 "<ProtectUserName>False</ProtectUserName>\r\n<ProtectPassword>True</ProtectPassword>\r\n"
                                 "<ProtectURL>False</ProtectURL>\r\n<ProtectNotes>False</ProtectNotes>\r\n"
                                 "</MemoryProtection>\r\n<RecycleBinEnabled>True</RecycleBinEnabled>\r\n"
                                 "<HistoryMaxItems>10</HistoryMaxItems>\r\n<HistoryMaxSize>6291456</HistoryMaxSize>\r\n"
                                 "<Binaries />\r\n<CustomData />\r\n</Meta>\r\n<Root>\r\n");
}

/* The first heading names database and root; each further one is a group of the root. */
static void write_xml(struct store *store)
{
    struct slice rest = store->contents->text, name = document_title(rest);
    struct document_line line;
    unsigned headings = 0;

    add_meta(store, name);
    open_group(store, name);
    while (document_next(&rest, &line)) {
        if (line.type == LINE_ROW)
            add_entry(store, line.text);
        if (line.type != LINE_HEADING || headings++ == 0)
            continue;
        if (headings > 2)
            buffer_add_text(&store->xml, "</Group>\r\n");
        open_group(store, line.text);
    }
    buffer_add_text(&store->xml, headings > 1 ? "</Group>\r\n</Group>\r\n" : "</Group>\r\n");
    buffer_add_text(&store->xml, "<DeletedObjects />\r\n</Root>\r\n</KeePassFile>");
}

/* ---- sealing ---- */

/* The password's key, encrypted over and over: what a thief has to do for each guess. */
static int master_key(const struct store *store, unsigned char key[HASH])
{
    const char *password = store->contents->password;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    crypto_hash_sha256_state hash;
    int rc, length;

    crypto_hash_sha256(key, (const unsigned char *)password, strlen(password));
    crypto_hash_sha256(key, key, HASH);
    rc = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), NULL, store->transform, NULL) == 1 ? 0 : -1;
    for (int i = 0; rc == 0 && i < ROUNDS; i++)
        rc = EVP_EncryptUpdate(context, key, &length, key, HASH) == 1 ? 0 : -1;
    EVP_CIPHER_CTX_free(context);
    crypto_hash_sha256(key, key, HASH);
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, store->seed, HASH);
    crypto_hash_sha256_update(&hash, key, HASH);
    crypto_hash_sha256_final(&hash, key);
    return rc;
}

/* One block with its hash, and the empty one behind the last. */
static void add_blocks(struct buffer *out, struct slice data)
{
    static const unsigned char none[HASH] = {0};
    unsigned char hash[HASH];

    crypto_hash_sha256(hash, data.data, data.length);
    add_little(out, 0, 4);
    buffer_add(out, hash, HASH);
    add_little(out, data.length, 4);
    buffer_add_slice(out, data);
    add_little(out, 1, 4);
    buffer_add(out, none, HASH);
    add_little(out, 0, 4);
}

static int seal(const struct store *store, struct slice plain, struct buffer *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char key[HASH], *room = buffer_reserve(out, plain.length + 2 * BLOCK);
    int first = 0, last = 0, rc = -1;

    if (room != NULL && context != NULL && master_key(store, key) == 0 &&
        EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, store->iv) == 1 &&
        EVP_EncryptUpdate(context, room, &first, plain.data, (int)plain.length) == 1 &&
        EVP_EncryptFinal_ex(context, room + first, &last) == 1) {
        buffer_grow(out, (size_t)(first + last));
        rc = 0;
    }
    EVP_CIPHER_CTX_free(context);
    sodium_memzero(key, sizeof key);
    return rc;
}

static int write_store(struct store *store, struct buffer *out)
{
    struct buffer packed, plain;
    int rc = -1;

    buffer_init(&packed, XML_BYTES);
    buffer_init(&plain, XML_BYTES);
    header(store);
    write_xml(store);
    if (!store->xml.failed && deflate_into(buffer_slice(&store->xml), 16 + MAX_WBITS, &packed) == 0) {
        buffer_add(&plain, store->start, HASH);
        add_blocks(&plain, buffer_slice(&packed));
        buffer_add_slice(out, buffer_slice(&store->header));
        rc = plain.failed || store->header.failed ? -1 : seal(store, buffer_slice(&plain), out);
    }
    buffer_free(&packed);
    buffer_free(&plain);
    return rc;
}

int container_keepass(const struct contents *contents, struct buffer *out, struct error *error)
{
    struct store store = {.contents = contents};
    int rc;

    draw_bytes(&store, store.seed, HASH);
    draw_bytes(&store, store.transform, HASH);
    draw_bytes(&store, store.start, HASH);
    draw_bytes(&store, store.inner, HASH);
    draw_bytes(&store, store.iv, BLOCK);
    buffer_init(&store.header, 1024);
    buffer_init(&store.xml, XML_BYTES);
    rc = write_store(&store, out);
    buffer_free(&store.header);
    buffer_free(&store.xml);
    sodium_memzero(&store, sizeof store);
    return rc != 0 ? error_set(error, "a KeePass database could not be sealed: it is too long, or memory ran out") : 0;
}
