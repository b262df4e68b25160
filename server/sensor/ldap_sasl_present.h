/* SPDX-License-Identifier: ISC
 *
 * What a client's message of a SASL mechanism presents: names, passwords, and proofs of possession, which are the
 * answers to what the service asked (ldap_sasl.h). The keeper judges them. */
#ifndef SENSOR_LDAP_SASL_PRESENT_H
#define SENSOR_LDAP_SASL_PRESENT_H

#include "server/sensor/ldap_scram.h"
#include "server/sensor/proof.h"

struct ldap_call;
struct ldap_sasl;

struct ldap_sasl_sent {
    struct slice message;
    bool begun; /* the connection was at this mechanism already */
    enum proof_number proof;
    size_t digest; /* bytes */
};

typedef void ldap_sasl_presenter(struct ldap_call *call, const struct ldap_sasl_sent *sent);

ldap_sasl_presenter ldap_present_cram, ldap_present_digest, ldap_present_ntlm, ldap_present_scram, ldap_present_login,
    ldap_present_nothing;

/* Reads the answer to SCRAM's challenge. bytes: of the mechanism's digest. */
enum sasl_scram_result ldap_scram_final(const struct ldap_sasl *sasl, struct slice message, size_t bytes,
                                        struct sasl_scram_final *final);

#endif
