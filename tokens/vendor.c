/* SPDX-License-Identifier: ISC
 *
 * Secrets of vendors' own services, right to the last checksum. Whoever uses one is seen by the vendor alone, so they
 * lie beside a secret of ours only (`mint --beside`). */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/shape.h"

/* Cloudflare: the CRC-32 of what is behind the prefix of five, in hexadecimal. */
static int seal_cloudflare(struct buffer *secret)
{
    return buffer_add_format(secret, "%08x", checksum_crc32((struct slice){secret->data + 5, secret->length - 5}));
}

/* Atlassian's cloud: '=' and the CRC-32 of all before it, '=' included, in upper-case hexadecimal. */
static int seal_atlassian(struct buffer *secret)
{
    buffer_add_char(secret, '=');
    return buffer_add_format(secret, "%08X", checksum_crc32(buffer_slice(secret)));
}

/* ---- Azure's identifiable keys: 64 bytes whose base64 bears a signature, the last four of them the Marvin32 of the
 * others, least significant first ---- */

#define KEY_BYTES 64
#define KEY_TEXT sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)
#define SIGNED_BYTES 57 /* 76 characters */
#define SUMMED_BYTES 60
#define STORAGE_SIGNATURE "\xf8\x04\xad" /* "+ASt" */
#define STORAGE_SEED 0x44656661756c7430ull

static void sum_storage(unsigned char key[KEY_BYTES])
{
    uint32_t sum = checksum_marvin32((struct slice){key, SUMMED_BYTES}, STORAGE_SEED);

    for (size_t i = 0; i < 4; i++)
        key[SUMMED_BYTES + i] = (unsigned char)(sum >> 8 * i);
}

static int draw_storage(const struct draw *draw, struct buffer *out)
{
    unsigned char key[KEY_BYTES];
    char text[KEY_TEXT];
    int rc;

    draw->bytes(draw->context, key, SIGNED_BYTES);
    memcpy(key + SIGNED_BYTES, STORAGE_SIGNATURE, 3);
    sum_storage(key);
    sodium_bin2base64(text, sizeof text, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    rc = buffer_add_text(out, text);
    sodium_memzero(key, sizeof key);
    sodium_memzero(text, sizeof text);
    return rc;
}

static int storage_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    struct buffer *out = &minted->secret;

    if (shape_identity("st%6a%4d", request, minted, error) != 0)
        return -1;
    minted->secret_bits = 455;
    do {
        buffer_clear(out);
        draw_storage(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the key") : 0;
}

static bool storage_valid(const char *form, struct slice secret)
{
    unsigned char key[KEY_BYTES], again[KEY_BYTES];
    size_t length = 0;
    bool valid;

    (void)form;
    if (secret.length != KEY_TEXT - 1 ||
        sodium_base642bin(key, sizeof key, (const char *)secret.data, secret.length, NULL, &length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 || length != KEY_BYTES)
        return false;
    memcpy(again, key, sizeof key);
    sum_storage(again);
    valid = memcmp(key + SIGNED_BYTES, STORAGE_SIGNATURE, 3) == 0 && memcmp(key, again, sizeof key) == 0;
    sodium_memzero(key, sizeof key);
    sodium_memzero(again, sizeof again);
    return valid;
}

static const char *const storage_forms[] = {"account-key", NULL};
const struct token_kind kind_azure_storage = {
    .name = "azure-storage", .bound = true, .forms = storage_forms, .mint = storage_mint, .valid = storage_valid};

/* ---- Discord: the bot's number in base64, when it was made, a signature ---- */

static int discord_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    char text[sodium_base64_ENCODED_LEN(18, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    struct buffer *out = &minted->secret;

    if (request->identity != NULL)
        return error_usage(error, "Discord gives out a bot's number; leave --identity out");
    minted->secret_bits = 190;
    do {
        buffer_clear(out);
        buffer_clear(&minted->identity);
        if (shape_identity("1%17d", request, minted, error) != 0)
            return -1;
        sodium_bin2base64(text, sizeof text, minted->identity.data, minted->identity.length,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        buffer_add_text(out, text);
        shape_draw(".%6u.%26u%1w", request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static bool discord_valid(const char *form, struct slice secret)
{
    (void)form;
    return shape_fits("%24w.%6u.%26u%1w", secret);
}

static const char *const discord_forms[] = {"bot", NULL};
const struct token_kind kind_discord = {
    .name = "discord", .forms = discord_forms, .mint = discord_mint, .valid = discord_valid};

/* ---- by their shape. Who looks for whole words wants a letter or digit at the end ---- */

static const struct shape slack_shapes[] = {
    {"bot", "xoxb-%1k%11d-%1k%12d-%24w", "T0%9A", NULL, 0},
    {"user", "xoxp-%1k%11d-%1k%12d-%1k%12d-%32x", "T0%9A", NULL, 0},
    {"webhook", "https://hooks.slack.com/services/T0%9A/B0%9A/%24w", NULL, NULL, 0},
    {NULL}};
SHAPED(slack, "slack", false, "bot", "user", "webhook");

static const struct shape stripe_shapes[] = {{"live", "sk_live_51%97w", "acct_1%15w", NULL, 0},
                                             {"restricted", "rk_live_51%97w", "acct_1%15w", NULL, 0},
                                             {NULL}};
SHAPED(stripe, "stripe", false, "live", "restricted");

static const struct shape openai_shapes[] = {
    {"project", "sk-proj-%73u%1wT3BlbkFJ%1w%72u%1w", "proj_%24w", NULL, 0},
    {"service-account", "sk-svcacct-%73u%1wT3BlbkFJ%1w%72u%1w", "org-%24w", NULL, 0},
    {"legacy", "sk-%20wT3BlbkFJ%20w", "org-%24w", NULL, 0},
    {"admin", "sk-admin-%73u%1wT3BlbkFJ%1w%72u%1w", "org-%24w", NULL, 0},
    {NULL}};
SHAPED(openai, "openai", false, "project", "service-account", "legacy", "admin");

static const struct shape anthropic_shapes[] = {{"api-key", "sk-ant-api03-%93uAA", "wrkspc_01%22w", NULL, 0},
                                                {"admin", "sk-ant-admin01-%93uAA", NULL, NULL, 0},
                                                {NULL}};
SHAPED(anthropic, "anthropic", false, "api-key", "admin");

static const struct shape sendgrid_shapes[] = {{"api-key", "SG.%22u.%42u%1w", NULL, NULL, 0}, {NULL}};
SHAPED(sendgrid, "sendgrid", false, "api-key");

static const struct shape twilio_shapes[] = {
    {"account", "%32x", "AC%32x", NULL, 0},
    {"api-key", "%32w", "SK%32x", NULL, 0, .identity_floor = 300},
    {NULL}};
SHAPED(twilio, "twilio", true, "account", "api-key");

static const struct shape mailgun_shapes[] = {
    {"api-key", "%32x-%8x-%8x", NULL, NULL, 0}, {"legacy", "key-%32x", NULL, NULL, 0}, {NULL}};
SHAPED(mailgun, "mailgun", false, "api-key", "legacy");

static const struct shape datadog_shapes[] = {
    {"api-key", "%32x", NULL, NULL, 0}, {"application-key", "%40x", NULL, NULL, 0}, {NULL}};
SHAPED(datadog, "datadog", false, "api-key", "application-key");

static const struct shape newrelic_shapes[] = {
    {"api-key", "NRAK-%27A", NULL, NULL, 0}, {"licence", "%32xFFFFNRAL", NULL, NULL, 0}, {NULL}};
SHAPED(newrelic, "newrelic", false, "api-key", "licence");

static const struct shape pagerduty_shapes[] = {{"api-key", "u+%17u%1w", NULL, NULL, 0}, {NULL}};
SHAPED(pagerduty, "pagerduty", false, "api-key");

static const struct shape okta_shapes[] = {{"api-token", "00%39u%1w", NULL, NULL, 0, .floor = 400}, {NULL}};
SHAPED(okta, "okta", false, "api-token");

static const struct shape telegram_shapes[] = {{"bot", "%1k%9d:AA%32u%1w", NULL, NULL, 0}, {NULL}};
SHAPED(telegram, "telegram", false, "bot");

static const struct shape shopify_shapes[] = {
    {"admin-api", "shpat_%32x", NULL, NULL, 0}, {"private-app", "shppa_%32x", NULL, NULL, 0}, {NULL}};
SHAPED(shopify, "shopify", false, "admin-api", "private-app");

static const struct shape tailscale_shapes[] = {{"api", "tskey-api-k%10wCNTRL-%32w", NULL, NULL, 0},
                                                {"auth", "tskey-auth-k%10wCNTRL-%32w", NULL, NULL, 0},
                                                {NULL}};
SHAPED(tailscale, "tailscale", false, "api", "auth");

static const struct shape huggingface_shapes[] = {{"access-token", "hf_%34l", NULL, NULL, 0, .floor = 200}, {NULL}};
SHAPED(huggingface, "huggingface", false, "access-token");

static const struct shape google_shapes[] = {
    {"api-key", "AIzaSy%32u%1w", NULL, NULL, 0, .floor = 400},
    {"oauth-client", "GOCSPX-%27u%1w", "%1k%11d-%32a", NULL, 0},
    {NULL}};
SHAPED(google, "google", false, "api-key", "oauth-client");

static const struct shape digitalocean_shapes[] = {{"access-token", "dop_v1_%64x", NULL, NULL, 0}, {NULL}};
SHAPED(digitalocean, "digitalocean", false, "access-token");

static const struct shape heroku_shapes[] = {{"api-key", "HRKU-AA%57u%1w", NULL, NULL, 0, .floor = 400}, {NULL}};
SHAPED(heroku, "heroku", false, "api-key");

static const struct shape cloudflare_shapes[] = {{"user", "cfut_%40w", NULL, seal_cloudflare, 8},
                                                 {"account", "cfat_%40w", NULL, seal_cloudflare, 8},
                                                 {"global-key", "%37x", NULL, NULL, 0},
                                                 {NULL}};
SHAPED(cloudflare, "cloudflare", false, "user", "account", "global-key");

static const struct shape fastly_shapes[] = {{"api-token", "%1w%30u%1w", NULL, NULL, 0}, {NULL}};
SHAPED(fastly, "fastly", false, "api-token");

static const struct shape vercel_shapes[] = {{"access-token", "vcp_%50w", NULL, shape_seal_crc62, 6}, {NULL}};
SHAPED(vercel, "vercel", false, "access-token");

static const struct shape docker_hub_shapes[] = {
    {"personal", "dckr_pat_%26u%1w", NULL, NULL, 0}, {"organisation", "dckr_oat_%31u%1w", NULL, NULL, 0}, {NULL}};
SHAPED(docker_hub, "docker-hub", true, "personal", "organisation");

static const struct shape databricks_shapes[] = {{"access-token", "dapi%32x", NULL, NULL, 0}, {NULL}};
SHAPED(databricks, "databricks", false, "access-token");

static const struct shape terraform_cloud_shapes[] = {{"user-token", "%14w.atlasv1.%67w", NULL, NULL, 0}, {NULL}};
SHAPED(terraform_cloud, "terraform-cloud", false, "user-token");

static const struct shape atlassian_cloud_shapes[] = {
    {"api-token", "ATATT3xFfGF0%171u", NULL, seal_atlassian, 9}, {NULL}};
SHAPED(atlassian_cloud, "atlassian-cloud", true, "api-token");

static const struct shape algolia_shapes[] = {{"api-key", "%32x", "%10A", NULL, 0, .identity_floor = 200}, {NULL}};
SHAPED(algolia, "algolia", false, "api-key");

static const struct shape ngrok_shapes[] = {{"agent", "2%26w_%1d%20w", NULL, NULL, 0}, {NULL}};
SHAPED(ngrok, "ngrok", false, "agent");
