/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_sasl_present.h"

#include "server/sensor/ldap.h"
#include "server/sensor/ldap_sasl.h"
#include "server/sensor/ldap_sasl_parts.h"

static void present_name(struct credentials *credentials, uint8_t pair, const char *where, struct slice name)
{
    if (name.length > 0)
        credentials_add(credentials, CANDIDATE_IDENTITY, pair, 0, where, name);
}

/* ---- CRAM-MD5 ---- */

void ldap_present_cram(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    static const char where[] = "bind CRAM-MD5";
    struct transcript transcript = {
        PROOF_CRAM_MD5, {buffer_slice(&call->sasl->challenge), sasl_cram_digest(sent->message)}, 2};
    struct slice name = sasl_cram_name(sent->message);
    uint8_t pair = sent->begun && name.length > 0 ? proof_add(call->credentials, 0, where, &transcript) : 0;

    present_name(call->credentials, pair, where, name);
}

/* ---- DIGEST-MD5 ---- */

/* What is digested for the request: with a body, of which none has come, also its digest. */
static void add_request(const struct sasl_digest *digest, struct buffer *out)
{
    buffer_add_text(out, "AUTHENTICATE:");
    sasl_digest_unescape(digest->uri, out);
    if (slice_is(digest->qop, "auth-int") || slice_is(digest->qop, "auth-conf"))
        buffer_add_text(out, ":00000000000000000000000000000000");
}

static uint8_t add_digest(struct ldap_call *call, const struct sasl_digest *digest, struct slice user)
{
    struct buffer realm, cnonce, asked, request;
    struct transcript transcript = {.number = PROOF_DIGEST_MD5, .count = 10};
    uint8_t pair;

    buffer_init(&realm, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&cnonce, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&asked, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&request, OBSERVATION_CANDIDATE_BYTES);
    sasl_digest_unescape(digest->realm, &realm);
    sasl_digest_unescape(digest->cnonce, &cnonce);
    sasl_digest_unescape(digest->authzid, &asked);
    add_request(digest, &request);
    transcript.fields[0] = slice_of("md5-sess");
    transcript.fields[1] = user;
    transcript.fields[2] = buffer_slice(&realm);
    transcript.fields[3] = digest->nonce;
    transcript.fields[4] = digest->nc;
    transcript.fields[5] = buffer_slice(&cnonce);
    transcript.fields[6] = digest->qop.length > 0 ? digest->qop : slice_of("auth");
    transcript.fields[7] = buffer_slice(&asked);
    transcript.fields[8] = buffer_slice(&request);
    transcript.fields[9] = digest->response;
    pair = proof_add(call->credentials, 0, "bind DIGEST-MD5", &transcript);
    buffer_free(&realm);
    buffer_free(&cnonce);
    buffer_free(&asked);
    buffer_free(&request);
    return pair;
}

void ldap_present_digest(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    struct slice nonce = buffer_slice(&call->sasl->challenge);
    struct sasl_digest digest;
    struct buffer user;
    enum sasl_digest_result result = sasl_digest_read(sent->message, sent->begun ? nonce : SLICE_NONE, &digest);
    uint8_t pair = 0;

    if (result == SASL_DIGEST_BROKEN)
        return;
    buffer_init(&user, OBSERVATION_CANDIDATE_BYTES);
    sasl_digest_unescape(digest.username, &user);
    if (sent->begun && result == SASL_DIGEST_SOUND && digest.nonce.length > 0 && user.length > 0)
        pair = add_digest(call, &digest, buffer_slice(&user));
    present_name(call->credentials, pair, "bind DIGEST-MD5", buffer_slice(&user));
    buffer_free(&user);
}

/* ---- NTLM ---- */

/* NTLMv2's response is a digest and what it covers, LMv2's 8 bytes; NTLM's first version's is three blocks of DES. */
static uint8_t add_ntlm(struct ldap_call *call, const struct sasl_ntlm *ntlm)
{
    static const char where[] = "bind NTLM";
    struct slice nonce = sasl_ntlm_nonce(buffer_slice(&call->sasl->challenge));
    struct transcript first = {PROOF_NTLMV1, {nonce, ntlm->nt}, 2}, second = {.number = PROOF_NTLMV2, .count = 4};
    struct buffer user, domain;
    uint8_t pair;

    buffer_init(&user, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&domain, OBSERVATION_CANDIDATE_BYTES);
    sasl_ntlm_utf16(ntlm, ntlm->user, &user);
    sasl_ntlm_utf16(ntlm, ntlm->domain, &domain);
    second.fields[0] = buffer_slice(&user);
    second.fields[1] = buffer_slice(&domain);
    second.fields[2] = nonce;
    second.fields[3] = ntlm->nt.length > 0 ? ntlm->nt : ntlm->lan;
    pair = proof_add(call->credentials, 0, where, ntlm->nt.length == 24 ? &first : &second);
    buffer_free(&user);
    buffer_free(&domain);
    return pair;
}

void ldap_present_ntlm(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    struct sasl_ntlm ntlm;
    struct buffer name;

    if (sasl_ntlm_read(sent->message, &ntlm) != SASL_NTLM_SOUND)
        return;
    buffer_init(&name, OBSERVATION_CANDIDATE_BYTES);
    sasl_ntlm_utf8(&ntlm, ntlm.user, &name);
    present_name(call->credentials, sent->begun && call->sasl->challenge.length > 0 ? add_ntlm(call, &ntlm) : 0,
                 "bind NTLM", buffer_slice(&name));
    buffer_free(&name);
}

/* ---- SCRAM ---- */

enum sasl_scram_result ldap_scram_final(const struct ldap_sasl *sasl, struct slice message, size_t bytes,
                                        struct sasl_scram_final *final)
{
    struct slice all = buffer_slice(&sasl->challenge), nonce = sasl_from(all, sasl->server + 2);

    nonce.length = sasl_find(nonce, ',');
    return sasl_scram_read_final(message, sasl_before(all, sasl->header), nonce, bytes, final);
}

/* The first two messages as they went over the wire, and the third without the proof. */
static void add_message(const struct ldap_sasl *sasl, struct slice without, struct buffer *out)
{
    buffer_add_slice(out, sasl_from(buffer_slice(&sasl->challenge), sasl->header));
    buffer_add_text(out, ",");
    buffer_add_slice(out, without);
}

static uint8_t add_scram(struct ldap_call *call, enum proof_number number, const struct sasl_scram_final *final)
{
    struct slice server = sasl_from(buffer_slice(&call->sasl->challenge), call->sasl->server), salt;
    struct transcript transcript = {.number = number, .count = 4};
    struct buffer message, salt_bytes, rounds;
    uint8_t pair;

    buffer_init(&message, OBSERVATION_CANDIDATE_BYTES);
    buffer_init(&salt_bytes, 2 * SASL_SCRAM_HASH);
    buffer_init(&rounds, 16);
    add_message(call->sasl, final->without, &message);
    salt = sasl_from(server, sasl_find(server, ',') + sizeof ",s=" - 1);
    salt.length = sasl_find(salt, ',');
    (void)decode_base64(salt, &salt_bytes);
    buffer_add_format(&rounds, "%d", SASL_SCRAM_ROUNDS);
    transcript.fields[0] = buffer_slice(&message);
    transcript.fields[1] = (struct slice){final->proof, final->proof_length};
    transcript.fields[2] = buffer_slice(&salt_bytes);
    transcript.fields[3] = buffer_slice(&rounds);
    pair = proof_add(call->credentials, 0, "bind SCRAM", &transcript);
    buffer_free(&message);
    buffer_free(&salt_bytes);
    buffer_free(&rounds);
    return pair;
}

/* The name alone is no presentation: a proof follows, and one use is one sighting. */
void ldap_present_scram(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    const struct ldap_sasl *sasl = call->sasl;
    struct sasl_scram_final final;
    uint8_t pair = 0;

    if (!sent->begun || sasl->challenge.length == 0 || sasl->login == NULL)
        return;
    if (ldap_scram_final(sasl, sent->message, sent->digest, &final) == SASL_SCRAM_SOUND)
        pair = add_scram(call, sent->proof, &final);
    present_name(call->credentials, pair, "bind SCRAM", slice_of(sasl->login));
}

/* ---- in clear ---- */

/* The name alone is no presentation, as with SCRAM. A new bind begins with a name, whatever the last one left. */
void ldap_present_login(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    const struct ldap_sasl *sasl = call->sasl;

    if (sent->begun && sasl->step == 2 && sasl->login != NULL)
        credentials_add_login(call->credentials, 0, "bind LOGIN", slice_of(sasl->login), sent->message);
}

/* PLAIN is looked for in whatever mechanism comes (ldap_bind.c). */
void ldap_present_nothing(struct ldap_call *call, const struct ldap_sasl_sent *sent)
{
    (void)call;
    (void)sent;
}
