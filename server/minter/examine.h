/* SPDX-License-Identifier: ISC
 *
 * A minter that looks at mails of others, and makes nothing: caged before it reads the first of them. From standard input
 * it takes a line of JSON, and then for each mail (or "mbox": true, several) a line {"placement", "mailbox", "meta"?,
 * "arrived"? (seconds) or "internaldate"?, "bytes"} and so many bytes. With "change": true they are one of a repository
 * (server/planter/git_show.h), with "entry": true entries of a directory (ldap_stay.h).
 *
 *   minter --lint     first {"persona", "hosts"}; writes a line of JSON for each finding, at last {"mails", "commits",
 *                     "entries", "findings"}
 *   minter --learn    first {"domain"}; writes {"mails", "house", "profile": the text of its file (profile.h)} */
#ifndef MINTER_EXAMINE_H
#define MINTER_EXAMINE_H

#include <stdbool.h>

/* Is that what the arguments ask for? */
bool examine_asked(int argc, char *const *argv);
/* The exit status: 0; 1 where there is too little to learn from, 3, with a text on standard error. */
int examine_main(char *const *argv);

#endif
