/* SPDX-License-Identifier: ISC
 *
 * A site for tests of what asks one: a sign-in form at /users/sign_in, literals users, sign_in, api and v4. */
#ifndef TESTS_FAKE_SITE_H
#define TESTS_FAKE_SITE_H

#include "server/sensor/http/site.h"

#define FAKE_OWN "handed-out-by-the-site"

const struct site *fake_site(void);

#endif
