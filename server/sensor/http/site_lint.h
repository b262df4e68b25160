/* SPDX-License-Identifier: ISC
 *
 * Parts of looking a site through (site_lint.c), for these files alone: names that nothing gives a value, references
 * that would leave the visitor's host, words that give the site away. */
#ifndef HTTP_SITE_LINT_H
#define HTTP_SITE_LINT_H

#include "server/sensor/http/site_data.h"

void site_lint_page(struct site *site, const struct site_page *page);
/* A static file, where it is text. */
void site_lint_file(struct site *site, const char *path);
/* A block of headers, and a body written out in site.yaml. NULL is none. */
void site_lint_head(struct site *site, const struct yaml *block);
void site_lint_body(struct site *site, const struct site_reply *reply);

#endif
