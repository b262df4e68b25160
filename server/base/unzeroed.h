/* SPDX-License-Identifier: ISC
 *
 * The build zeroes all locals. UNZEROED exempts a large one on a hot path, whose every byte is written before it is
 * read. */
#ifndef BASE_UNZEROED_H
#define BASE_UNZEROED_H

#define UNZEROED __attribute__((uninitialized))

#endif
