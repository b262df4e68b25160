/* SPDX-License-Identifier: ISC
 *
 * Random numbers for a process that needs many small ones: libsodium's own generators ask the kernel something at each
 * draw, be it only for the process's id. Here the kernel is asked once for many draws. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/* From now on all of libsodium draws from a pool that the kernel fills; what was drawn is wiped from it. To be called
 * before sodium_init(), and never in a process that forks: both would draw the same. */
void random_pooled(void);

#endif
