/* SPDX-License-Identifier: ISC
 *
 * sensor --check DIR [--json]: says all that is wrong with a site. The face that the minter drew for it comes as JSON
 * on standard input. */
#ifndef HTTP_SITE_CHECK_H
#define HTTP_SITE_CHECK_H

/* For main(): 0 nothing is wrong, 1 something is, 3 it could not be checked. */
int site_check(int argc, char **argv);

#endif
