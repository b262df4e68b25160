/* SPDX-License-Identifier: ISC
 *
 * minter --check DIR [--json]: says all that is wrong with how the site in DIR draws its face, and writes a face, as
 * JSON and drawn for a made-up persona, to descriptor 3. */
#ifndef MINTER_FACE_CHECK_H
#define MINTER_FACE_CHECK_H

/* For main(): 0 nothing is wrong, 1 something is, 3 it could not be checked. */
int face_check(int argc, char **argv);

#endif
