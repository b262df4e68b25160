/* SPDX-License-Identifier: ISC
 *
 * Probes for `sundew check`: one look at one thing, told as facts (`where`); nothing is judged. Options by "what":
 *
 *   listener     address port tls service host proxy proxies    {"answered"?, "certificate"?: facts}
 *   certificate  certificate key names                          facts and "fits" (the key is the certificate's)
 *   route        url allow ca certificate key domain            {"address", "allowed", "answered", "verified"}
 *   name         name                                           {"addresses": […], "here"}
 *
 * facts: {"from", "to": RFC 3339, "names": […], "misses": […] of the names asked for, "issuer"}.
 * A route is asked OPTIONS, as CloudEvents' webhook specification asks receivers whether they want events, so nobody is
 * alerted. */
#ifndef PLANTER_PROBE_H
#define PLANTER_PROBE_H

#include <openssl/x509.h>
#include "server/planter/door.h"
#include "server/planter/place.h"

int probe_run(const struct task *task, struct place_result *result, struct error *error);

/* ---- probe_certificate.c ---- */

/* names: an array of host names, or NULL. A new reference; NULL without memory. */
json_t *certificate_facts(X509 *certificate, const json_t *names);
int probe_certificate(const struct task *task, struct place_result *result, struct error *error);

/* ---- probe_route.c ---- */

int probe_route(const struct task *task, struct place_result *result, struct error *error);
int probe_name(const struct task *task, struct place_result *result, struct error *error);

#endif
