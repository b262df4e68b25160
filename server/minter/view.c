/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/address.h"
#include "server/minter/container/age.h"
#include "server/minter/persona.h"
#include "server/minter/view.h"
#include "server/wire/kinds.h"
#include "templates/render.h"
#include "tokens/password.h"

#define TEXT 1024
#define YEAR (INT64_C(365) * 86400)
#define KEY_OLDEST (INT64_C(900) * 86400)
#define KEY_NEWEST (INT64_C(120) * 86400)
#define ENCODED 16384 /* bytes of a text that is shown in base64 */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

/* ---- a draw bound to a token ---- */

static void view_bytes(void *context, void *out, size_t length)
{
    struct view_draw *state = context;
    unsigned char nonce[crypto_stream_chacha20_NONCEBYTES] = {0};

    memcpy(nonce, &state->count, sizeof nonce);
    state->count++;
    crypto_stream_chacha20(out, length, nonce, state->key);
}

struct draw view_draw(struct view_draw *state, const json_t *persona, const struct shown_token *shown,
                      const char *purpose)
{
    const char *seed = json_string_value(json_object_get(json_object_get(persona, "seeds"), "draw"));
    crypto_generichash_state hash;

    crypto_generichash_init(&hash, (const unsigned char *)seed,
                            seed != NULL ? strnlen(seed, crypto_generichash_KEYBYTES_MAX) : 0, sizeof state->key);
    crypto_generichash_update(&hash, shown->identity.data, shown->identity.length);
    crypto_generichash_update(&hash, (const unsigned char *)"", 1);
    crypto_generichash_update(&hash, shown->secret.data, shown->secret.length);
    if (purpose[0] != 0)
        crypto_generichash_update(&hash, (const unsigned char *)purpose, strlen(purpose) + 1);
    crypto_generichash_final(&hash, state->key, sizeof state->key);
    state->count = 0;
    return (struct draw){view_bytes, state};
}

/* ---- the decoy ---- */

/* corp.example as dc=corp,dc=example (RFC 2247). */
static void base_dn(const char *domain, struct buffer *out)
{
    const char *label = domain, *dot;

    while (*label != 0) {
        dot = strchrnul(label, '.');
        if (dot > label)
            buffer_add_format(out, "%sdc=%.*s", out->length > 0 ? "," : "", (int)(dot - label), label);
        label = *dot == 0 ? dot : dot + 1;
    }
}

/* Whose names a directory holds: the domain of its host, as the sensor's root DSE says; else the organisation's. */
static const char *domain_of(const json_t *decoy, const char *domain)
{
    const char *host = text_of(decoy, "host"), *rest = strchr(host, '.');
    struct address address;

    if (strcmp(text_of(decoy, "service"), "ldap") != 0 || host[0] == 0 || address_parse(host, &address) == 0)
        return domain;
    return rest != NULL && strchr(rest + 1, '.') != NULL ? rest + 1 : host;
}

void view_suffix(const json_t *parameters, char *out, size_t size)
{
    struct buffer dn;

    buffer_init(&dn, TEXT);
    base_dn(domain_of(json_object_get(parameters, "decoy"),
                      text_of(json_object_get(parameters, "persona"), "domain")), &dn);
    snprintf(out, size, "%s", dn.failed ? "" : buffer_text(&dn));
    buffer_free(&dn);
}

/* As a file of known hosts has it (sshd(8)): the port where it is not the usual one. */
static void known_host(const json_t *decoy, json_int_t port, char *out, size_t size)
{
    const char *key = text_of(decoy, "host_key"), *host = text_of(decoy, "host");

    if (key[0] == 0)
        out[0] = 0;
    else if (port == transport_port("ssh", false))
        snprintf(out, size, "%s %s", host, key);
    else
        snprintf(out, size, "[%s]:%d %s", host, (int)port, key);
}

/* A text of the decoy's in base64; "" where it has none. */
static json_t *encoded(const json_t *decoy, const char *name)
{
    char text[sodium_base64_ENCODED_LEN(ENCODED, sodium_base64_VARIANT_ORIGINAL)];
    struct slice plain = slice_of(text_of(decoy, name));

    if (plain.length > ENCODED)
        return NULL;
    return json_string(sodium_bin2base64(text, sizeof text, plain.data, plain.length, sodium_base64_VARIANT_ORIGINAL));
}

static json_t *decoy_view(const json_t *decoy, const char *domain)
{
    const char *service = text_of(decoy, "service");
    bool tls = json_is_true(json_object_get(decoy, "tls"));
    json_int_t port = json_integer_value(json_object_get(decoy, "port")), usual = transport_port(service, tls);
    const char *host = text_of(decoy, "host"), *s = tls ? "s" : "";
    struct buffer authority, dn;
    char url[TEXT], scheme[40], number[24], known[TEXT];
    json_t *view;

    known_host(decoy, port, known, sizeof known);
    buffer_init(&authority, TEXT / 2);
    buffer_init(&dn, TEXT);
    buffer_add_format(&authority, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
    if (port != usual && port > 0 && port < 65536)
        buffer_add_format(&authority, ":%d", (int)port);
    snprintf(number, sizeof number, "%d", (int)(port > 0 && port < 65536 ? port : usual));
    snprintf(scheme, sizeof scheme, "%.32s%s", service, s);
    snprintf(url, sizeof url, "%s://%s", scheme, buffer_text(&authority));
    base_dn(domain_of(decoy, domain), &dn);
    view = json_pack("{ss ss s{sb} ss ss ss ss ss sb ss ss so}", "name", text_of(decoy, "name"), "service", service,
                     "site", text_of(decoy, "site"), true, "host", host, "authority",
                     buffer_text(&authority), "port", number, "scheme", scheme, "url", url, "tls", tls, "base_dn",
                     buffer_text(&dn), "known_host", known, "trust", encoded(decoy, "trust"));
    buffer_free(&authority);
    buffer_free(&dn);
    return view;
}

json_t *view_base(const json_t *parameters, struct error *error)
{
    const json_t *persona = json_object_get(parameters, "persona"), *decoy = json_object_get(parameters, "decoy");
    const json_t *git = json_object_get(persona, "git");
    json_t *view;

    if (!json_is_object(persona) || !json_is_object(decoy) || text_of(decoy, "host")[0] == 0) {
        error_usage(error, "the token belongs to no decoy that has a host name; name one with --decoy");
        return NULL;
    }
    view = json_pack("{ss ss ss ss ss ss ss so*}", "organisation", text_of(persona, "organisation"), "domain",
                     text_of(persona, "domain"), "language", text_of(persona, "language"), "company",
                     text_of(persona, "company_slug"), "group", text_of(git, "group"), "branch", text_of(git, "branch"),
                     "memo", text_of(parameters, "memo"), "decoy", decoy_view(decoy, text_of(persona, "domain")));
    if (view == NULL)
        error_set(error, "out of memory");
    return view;
}

/* ---- the token ---- */

/* As curl and Python's netrc read it: in double quotes where a blank, a quote or a comment's sign would end it. */
static const char *netrc_quoted(struct slice text, struct buffer *out)
{
    bool quotes = text.length == 0 || text.data[0] == '#' || text.data[0] == '"';

    for (size_t i = 0; i < text.length; i++)
        quotes = quotes || text.data[i] == ' ' || text.data[i] == '\t';
    if (!quotes) {
        buffer_add_slice(out, text);
        return buffer_text(out);
    }
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_add_char(out, '\\');
        buffer_add_char(out, (char)text.data[i]);
    }
    buffer_add_char(out, '"');
    return buffer_text(out);
}

static const char *url_encoded(struct slice text, struct buffer *out)
{
    render_escaped(out, text, RENDER_URL);
    return buffer_text(out);
}

/* Accounts with a dash near the start are services'. */
static bool is_dn(struct slice identity)
{
    return memchr(identity.data, '=', identity.length) != NULL && memchr(identity.data, ',', identity.length) != NULL;
}

/* uid=IDENTITY,ou=…,dc=… with what RFC 4514 escapes; an identity that is a DN already stays. It lies in the unit that
 * the directory does not show. */
static const char *bind_dn(struct slice identity, const char *domain, const char *unit, struct buffer *out)
{
    struct buffer base;

    if (identity.length == 0 || is_dn(identity)) {
        buffer_add_slice(out, identity);
        return buffer_text(out);
    }
    buffer_add_text(out, "uid=");
    for (size_t i = 0; i < identity.length; i++) {
        if (memchr(",+\"\\<>;=", identity.data[i], 8) != NULL ||
            (i == 0 && memchr(" #", identity.data[i], 2) != NULL) ||
            (i + 1 == identity.length && identity.data[i] == ' '))
            buffer_add_char(out, '\\');
        buffer_add_char(out, (char)identity.data[i]);
    }
    buffer_init(&base, TEXT);
    base_dn(domain, &base);
    buffer_add_format(out, ",ou=%s,%s", unit[0] != 0 ? unit : "accounts", buffer_text(&base));
    buffer_free(&base);
    return buffer_text(out);
}

static json_t *pick_person(const json_t *people, size_t *index, size_t step)
{
    size_t count = json_array_size(people);

    if (count == 0)
        return json_object();
    *index = (*index + step) % count;
    return json_incref(json_array_get(people, *index));
}

static json_t *pick_project(const json_t *persona, const struct draw *draw)
{
    const json_t *projects = json_object_get(json_object_get(persona, "git"), "projects");
    size_t count = json_array_size(projects);
    json_t *project = count == 0 ? NULL : json_array_get(projects, draw_below(draw, (uint32_t)count));

    return json_is_string(project) ? json_incref(project) : json_string("portal-web");
}

/* The token's texts as they stand in headers and in other files: {"login","identity","secret"}. */
static json_t *base64_view(const struct shown_token *shown)
{
    char text[sodium_base64_ENCODED_LEN(ENCODED, sodium_base64_VARIANT_ORIGINAL)];
    const struct slice parts[3][2] = {
        {shown->identity, shown->secret}, {shown->identity, SLICE_NONE}, {shown->secret, SLICE_NONE}};
    static const char *const names[3] = {"login", "identity", "secret"};
    json_t *view = json_object();
    struct buffer plain;

    buffer_init(&plain, ENCODED);
    for (size_t i = 0; i < 3; i++) {
        buffer_clear(&plain);
        buffer_add_slice(&plain, parts[i][0]);
        if (i == 0)
            buffer_add_char(&plain, ':');
        buffer_add_slice(&plain, parts[i][1]);
        sodium_bin2base64(text, sizeof text, plain.data, plain.length, sodium_base64_VARIANT_ORIGINAL);
        json_object_set_new(view, names[i], json_string(plain.failed ? "" : text));
    }
    sodium_memzero(text, sizeof text);
    buffer_free(&plain);
    return view;
}

/* When the token's OpenPGP key was made: the same all through a year, and long before anything of that year. */
static json_int_t key_created(const json_t *persona, int64_t now, const struct draw *draw)
{
    struct zone zone = persona_zone(persona);
    int64_t year = now - now % YEAR;

    return when_between(&zone, year - KEY_OLDEST, year - KEY_NEWEST, draw);
}

/* What opens the token's containers. */
static json_t *container_view(const json_t *parameters, const struct shown_token *shown, int64_t now)
{
    const json_t *persona = json_object_get(parameters, "persona");
    struct view_draw state;
    struct draw draw = view_draw(&state, persona, shown, "container");
    char key[AGE_TEXT], recipient[AGE_TEXT], hex[2 * 32 + 1], pgp_hex[2 * 32 + 1];
    unsigned char seed[32], pgp_seed[32];
    struct buffer password;
    json_t *view;

    buffer_init(&password, TEXT);
    do {
        buffer_clear(&password);
        password_light(&draw, text_of(persona, "language"), &password);
    } while (kind_filtered(buffer_slice(&password)));
    draw.bytes(draw.context, seed, sizeof seed);
    age_identity(seed, key);
    age_recipient(seed, recipient);
    sodium_bin2hex(hex, sizeof hex, seed, sizeof seed);
    draw.bytes(draw.context, pgp_seed, sizeof pgp_seed);
    sodium_bin2hex(pgp_hex, sizeof pgp_hex, pgp_seed, sizeof pgp_seed);
    view = json_pack("{ss ss ss ss ss sI}", "password", buffer_text(&password), "key", key, "recipient", recipient,
                     "seed", hex, "pgp_seed", pgp_hex, "pgp_created", key_created(persona, now, &draw));
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(pgp_seed, sizeof pgp_seed);
    buffer_free(&password);
    return view;
}

static bool namesakes(const json_t *a, const json_t *b)
{
    return strcmp(text_of(a, "given"), text_of(b, "given")) == 0;
}

json_t *view_token(const json_t *parameters, const struct shown_token *shown, int64_t now, const struct draw *draw)
{
    struct slice identity = shown->identity, secret = shown->secret;
    const json_t *persona = json_object_get(parameters, "persona"), *people = json_object_get(persona, "people");
    const json_t *decoy = json_object_get(parameters, "decoy");
    const char *service = text_of(decoy, "service"), *domain = domain_of(decoy, text_of(persona, "domain")),
               *unit = text_of(json_object_get(persona, "directory"), "accounts");
    bool bound = kind_find(shown->kind) != NULL && kind_find(shown->kind)->bound;
    size_t at = draw_below(draw, 1024), count = json_array_size(people) > 3 ? json_array_size(people) : 4;
    struct buffer netrc_identity, netrc_secret, url_identity, url_secret, dn;
    json_t *from, *to, *third, *supplier, *view;

    buffer_init(&netrc_identity, 2 * TEXT);
    buffer_init(&netrc_secret, 16 * TEXT);
    buffer_init(&url_identity, 4 * TEXT);
    buffer_init(&url_secret, 64 * TEXT);
    buffer_init(&dn, 4 * TEXT);
    from = pick_person(people, &at, 0);
    to = pick_person(people, &at, 1 + draw_below(draw, (uint32_t)count / 2 - 1));
    third = pick_person(people, &at, 1 + draw_below(draw, (uint32_t)count / 2 - 1));
    for (size_t i = 0; i < count && (namesakes(third, from) || namesakes(third, to)); i++) { /* spoken of by that name */
        json_decref(third);
        third = pick_person(people, &at, 1);
    }
    supplier = json_incref(json_object_get(persona, "supplier"));
    if (supplier == NULL) /* a persona of an older version */
        supplier = persona_supplier(text_of(persona, "language"), draw);
    view = json_pack("{ss% ss% s{sb} s{sb} sO* so sb sb sb sb s{ss ss} s{ss ss} ss so so so so so sO* so}", "identity",
                     identity.data, identity.length, "secret", secret.data, secret.length, "kind", shown->kind, true,
                     "form", shown->form, true, "fact", shown->facts, "base64", base64_view(shown), "password", bound,
                     "token", !bound, "http", strcmp(service, "http") == 0, "ldap", strcmp(service, "ldap") == 0, "netrc",
                     "identity", netrc_quoted(identity, &netrc_identity), "secret",
                     netrc_quoted(secret, &netrc_secret), "url", "identity", url_encoded(identity, &url_identity),
                     "secret", url_encoded(secret, &url_secret), "bind_dn", bind_dn(identity, domain, unit, &dn),
                     "project", pick_project(persona, draw), "from", from, "to", to, "third", third, "supplier",
                     supplier, "outside", json_object_get(supplier, "person"), "container",
                     container_view(parameters, shown, now));
    buffer_free(&netrc_identity);
    buffer_free(&netrc_secret);
    buffer_free(&url_identity);
    buffer_free(&url_secret);
    buffer_free(&dn);
    return view;
}

/* ---- the owner ---- */

static json_t *person_like(const json_t *people, const char *name, const char *mail)
{
    size_t index;
    json_t *person;

    json_array_foreach(people, index, person) if ((mail[0] != 0 && strcasecmp(text_of(person, "mail"), mail) == 0) ||
                                                  (mail[0] == 0 && (strcasecmp(text_of(person, "name"), name) == 0 ||
                                                                    strcasecmp(text_of(person, "login"), name) ==
                                                                        0))) return json_incref(person);
    return NULL;
}

/* "Name <mail>", "mail" or "Name" into two texts. */
static void split_owner(const char *owner, char name[256], char mail[256])
{
    const char *open = strchr(owner, '<'), *close = open == NULL ? NULL : strchr(open, '>');
    size_t length = open == NULL ? strlen(owner) : (size_t)(open - owner);

    name[0] = mail[0] = 0;
    while (length > 0 && owner[length - 1] == ' ')
        length--;
    if (close != NULL)
        snprintf(mail, 256, "%.*s", (int)(close - open - 1), open + 1);
    if (close == NULL && strchr(owner, '@') != NULL)
        snprintf(mail, 256, "%s", owner);
    else
        snprintf(name, 256, "%.*s", (int)length, owner);
    for (char *c = name; *c != 0; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
    mail[strcspn(mail, " \t\r\n<>,;")] = 0;
}

/* jane.doe or jdoe@… as "Jane" where the owner gave only a mail. */
void view_given(const char *name, const char *mail, char given[64])
{
    const char *from = name[0] != 0 ? name : mail, *comma = strstr(name, ", ");

    if (comma != NULL && comma[2] != 0)
        from = comma + 2;
    snprintf(given, 64, "%.*s", (int)strcspn(from, name[0] != 0 ? " " : ".@-_"), from);
    if (given[0] >= 'a' && given[0] <= 'z')
        given[0] = (char)(given[0] - 32);
    given[strcspn(given, ".")] = 0;
}

/* j.doe or jane.doe@… as "J. Doe" and "Jane Doe"; a login of one word says nothing. */
static void spell_out(const char *login, char name[256])
{
    size_t words = 0, length = 0, end = strcspn(login, "@"), word;

    for (size_t at = strspn(login, "._-"); at < end && length < 192; at += word + strspn(login + at + word, "._-")) {
        word = strcspn(login + at, "._-@");
        if (!isalpha((unsigned char)login[at]) || word > 32) {
            words = 0;
            break;
        }
        length +=
            (size_t)snprintf(name + length, 256 - length, "%s%c%.*s%s", words++ > 0 ? " " : "",
                             toupper((unsigned char)login[at]), (int)word - 1, login + at + 1, word == 1 ? "." : "");
    }
    if (words < 2)
        name[0] = 0;
}

/* A name that is a login becomes a mail; a mail without a name gets one where it spells one out. */
static void complete_owner(const char *domain, char name[256], char mail[256])
{
    char spelt[256] = "";

    if (name[0] != 0 && mail[0] == 0 && strpbrk(name, "._-") != NULL &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name)) {
        snprintf(mail, 256, "%.120s@%.120s", name, domain);
        name[0] = 0;
    }
    if (name[0] != 0)
        return;
    spell_out(mail, spelt);
    memcpy(name, spelt, sizeof spelt);
}

json_t *view_owner(const json_t *parameters)
{
    const json_t *persona = json_object_get(parameters, "persona");
    char name[256], mail[256], given[64], login[64], made[512];
    json_t *person;

    split_owner(text_of(parameters, "owner"), name, mail);
    if (name[0] == 0 && mail[0] == 0)
        return NULL;
    person = person_like(json_object_get(persona, "people"), name, mail);
    if (person == NULL) {
        complete_owner(text_of(persona, "domain"), name, mail);
        person = person_like(json_object_get(persona, "people"), name, mail);
    }
    if (person != NULL)
        return person;
    view_given(name, mail, given);
    persona_fold(name[0] != 0 ? name : given, ".", login, sizeof login);
    if (mail[0] == 0 && login[0] == 0)
        return NULL;
    snprintf(made, sizeof made, "%s@%s", login, text_of(persona, "domain"));
    return json_pack("{ss ss ss ss}", "name", name, "given", given, "mail", mail[0] != 0 ? mail : made, "login", login);
}

/* What a house of this domain is called, for want of better: "acme-rail.example" as "Acme-rail". */
static json_t *house_of(const json_t *known, const char *domain, const json_t *person)
{
    json_t *house = json_copy((json_t *)(uintptr_t)known);
    char name[128], server[256];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(domain, "."), domain);
    name[0] = (char)toupper((unsigned char)name[0]);
    snprintf(server, sizeof server, "%.*s.%.200s", (int)strcspn(text_of(known, "server"), "."),
             text_of(known, "server"), domain);
    json_object_set_new(house, "name", json_string(name));
    json_object_set_new(house, "domain", json_string(domain));
    json_object_set_new(house, "server", json_string(server));
    json_object_set(house, "person", (json_t *)(uintptr_t)person);
    return house;
}

int view_outside(const json_t *parameters, json_t *token, struct error *error)
{
    char name[256], mail[256], given[64], login[128];
    const char *at, *family;
    json_t *person;

    if (text_of(parameters, "outside")[0] == 0)
        return 0;
    split_owner(text_of(parameters, "outside"), name, mail);
    at = strchr(mail, '@');
    if (at == NULL || at[1] == 0 || at == mail)
        return error_usage(error,
                           "--outside is a person of another house, such as \"Ann Roe <a.roe@supplier.example>\"");
    if (name[0] == 0)
        spell_out(mail, name);
    view_given(name, mail, given);
    family = strrchr(name, ' ') == NULL ? "" : strrchr(name, ' ') + 1;
    snprintf(login, sizeof login, "%.*s", (int)(at - mail), mail);
    person = json_pack("{ss ss ss ss ss sb}", "name", name, "given", given, "family", family, "mail", mail, "login",
                       login, "real", true);
    if (person == NULL)
        return error_set(error, "--outside is not UTF-8, or memory ran out");
    json_object_set_new(token, "supplier", house_of(json_object_get(token, "supplier"), at + 1, person));
    return json_object_set_new(token, "outside", person);
}
