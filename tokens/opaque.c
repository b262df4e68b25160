/* SPDX-License-Identifier: ISC
 *
 * Tokens that are a prefix, random characters and maybe a checksum. */
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>
#include "tokens/alphabet.h"
#include "tokens/checksum.h"
#include "tokens/shape.h"

/* Grafana: '_' and the CRC-32 of all before it, least significant byte first, in hexadecimal. */
static int seal_grafana(struct buffer *secret)
{
    uint32_t crc = checksum_crc32(buffer_slice(secret));

    return buffer_add_format(secret, "_%02x%02x%02x%02x", crc & 255, crc >> 8 & 255, crc >> 16 & 255, crc >> 24);
}

/* Jira, Confluence and Bitbucket Data Center: base64 of twelve digits, ':' and twenty bytes. The last character is a
 * letter or digit, so that whoever looks for whole words finds it. */
static int draw_atlassian(const struct draw *draw, struct buffer *out)
{
    unsigned char plain[33];
    char text[45];
    struct buffer digits;

    do {
        buffer_init(&digits, 16);
        alphabet_draw(&digits, ALPHABET_DIGITS, 12, draw);
        buffer_add_char(&digits, ':');
        memcpy(plain, buffer_text(&digits), 13);
        buffer_free(&digits);
        draw->bytes(draw->context, plain + 13, 20);
        EVP_EncodeBlock((unsigned char *)text, plain, sizeof plain);
    } while (plain[0] == '0' || strchr("+/", text[43]) != NULL);
    buffer_add(out, text, 44);
    sodium_memzero(plain, sizeof plain);
    sodium_memzero(text, sizeof text);
    return out->failed ? -1 : 0;
}

static bool atlassian_fits(struct slice text)
{
    unsigned char plain[36];
    bool fits = text.length == 44 && EVP_DecodeBlock(plain, text.data, 44) == 33 && plain[12] == ':' &&
                alphabet_holds(ALPHABET_DIGITS, (struct slice){plain, 12});

    sodium_memzero(plain, sizeof plain);
    return fits;
}

static int atlassian_mint(const char *prefix, const struct mint_request *request, struct minted *minted,
                          struct error *error)
{
    struct buffer *out = &minted->secret;

    if (shape_identity(NULL, request, minted, error) != 0)
        return -1;
    minted->secret_bits = 159;
    do {
        buffer_clear(out);
        buffer_add_text(out, prefix);
        draw_atlassian(request->draw, out);
    } while (!out->failed && kind_skipped(buffer_slice(out), KIND_FLOOR));
    return out->failed ? error_set(error, "no room for the token") : 0;
}

static int plain_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return atlassian_mint("", request, minted, error);
}

static bool plain_valid(const char *form, struct slice secret)
{
    (void)form;
    return atlassian_fits(secret);
}

static int bitbucket_mint(const struct mint_request *request, struct minted *minted, struct error *error)
{
    return atlassian_mint("BBDC-", request, minted, error);
}

static bool bitbucket_valid(const char *form, struct slice secret)
{
    (void)form;
    return secret.length == 49 && memcmp(secret.data, "BBDC-", 5) == 0 &&
           atlassian_fits((struct slice){secret.data + 5, 44});
}

static const char *const access_forms[] = {"access-token", NULL};
const struct token_kind kind_jira_dc = {
    .name = "jira-dc", .forms = access_forms, .mint = plain_mint, .valid = plain_valid};
const struct token_kind kind_confluence_dc = {
    .name = "confluence-dc", .forms = access_forms, .mint = plain_mint, .valid = plain_valid};
const struct token_kind kind_bitbucket_dc = {
    .name = "bitbucket-dc", .forms = access_forms, .mint = bitbucket_mint, .valid = bitbucket_valid};

/* ---- by their shape ---- */

static const struct shape consul_shapes[] = {{"acl-token", SHAPE_UUID, NULL, NULL, 0}, {NULL}};
SHAPED(consul, "consul", false, "acl-token");

static const struct shape nomad_shapes[] = {{"acl-token", SHAPE_UUID, NULL, NULL, 0}, {NULL}};
SHAPED(nomad, "nomad", false, "acl-token");

static const struct shape npm_shapes[] = {
    {"access-token", "npm_%30w", NULL, shape_seal_crc62, 6}, {"legacy", SHAPE_UUID, NULL, NULL, 0}, {NULL}};
SHAPED(npm, "npm", false, "access-token", "legacy");

static const struct shape nuget_shapes[] = {
    {"api-key", "oy2%43q", NULL, NULL, 0}, {"feed-password", "%52q", NULL, NULL, 0}, {NULL}};
SHAPED(nuget, "nuget", false, "api-key", "feed-password");

static const struct shape cargo_shapes[] = {{"registry-token", "%32w", NULL, NULL, 0}, {NULL}};
SHAPED(cargo, "cargo", false, "registry-token");

static const struct shape rubygems_shapes[] = {{"api-key", "rubygems_%48x", NULL, NULL, 0}, {NULL}};
SHAPED(rubygems, "rubygems", false, "api-key");

static const struct shape grafana_shapes[] = {{"service-account", "glsa_%32w", NULL, seal_grafana, 9}, {NULL}};
SHAPED(grafana, "grafana", false, "service-account");

static const struct shape sonarqube_shapes[] = {{"user", "squ_%40x", NULL, NULL, 0},
                                                {"project", "sqp_%40x", NULL, NULL, 0},
                                                {"global", "sqa_%40x", NULL, NULL, 0},
                                                {NULL}};
SHAPED(sonarqube, "sonarqube", false, "user", "project", "global");

static const struct shape jenkins_shapes[] = {{"api-token", "11%32x", NULL, NULL, 0}, {NULL}};
SHAPED(jenkins, "jenkins", true, "api-token");

static const struct shape terraform_enterprise_shapes[] = {{"user-token", "%14w.atlasv1.%67w", NULL, NULL, 0}, {NULL}};
SHAPED(terraform_enterprise, "terraform-enterprise", false, "user-token");

static const struct shape gitea_shapes[] = {{"access-token", "%40x", NULL, NULL, 0}, {NULL}};
SHAPED(gitea, "gitea", false, "access-token");

static const struct shape harbor_shapes[] = {
    {"robot", "%32w", "robot$%8a+%8a", NULL, 0}, {"cli-secret", "%32w", NULL, NULL, 0}, {NULL}};
SHAPED(harbor, "harbor", true, "robot", "cli-secret");

static const struct shape nexus_shapes[] = {{"user-token", "%44w", "%8w", NULL, 0}, {NULL}};
SHAPED(nexus, "nexus", true, "user-token");

static const struct shape portainer_shapes[] = {{"access-token", "ptr_%42b%1e=", NULL, NULL, 0}, {NULL}};
SHAPED(portainer, "portainer", false, "access-token");

static const struct shape metabase_shapes[] = {
    {"session", SHAPE_UUID, NULL, NULL, 0}, {"api-key", "mb_%42b%1e=", NULL, NULL, 0}, {NULL}};
SHAPED(metabase, "metabase", false, "session", "api-key");

/* A random UUID (RFC 4122) in z-base-32, whose fixed bits leave some digits less choice. */
static const struct shape mattermost_shapes[] = {
    {"access-token", "%9z%<bfjpti37>%<ybndrfg8>%1z%<bdf8jmpxtuiz3579>%<ybndrfg8ejkmcpqx>%11z%<yrecowah>", NULL, NULL, 0},
    {NULL}};
SHAPED(mattermost, "mattermost", false, "access-token");

static const struct shape session_cookie_shapes[] = {{"rails", "%32x", NULL, NULL, 0},
                                                     {"java", "%32X", NULL, NULL, 0},
                                                     {"php", "%26<0123456789abcdefghijklmnopqrstuv>", NULL, NULL, 0},
                                                     {"django", "%32a", NULL, NULL, 0},
                                                     {NULL}};
SHAPED(session_cookie, "session-cookie", false, "rails", "java", "php", "django");
