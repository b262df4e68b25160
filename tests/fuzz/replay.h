/* SPDX-License-Identifier: ISC
 *
 * What a harness may say of itself to replay.c. */
#ifndef FUZZ_REPLAY_H
#define FUZZ_REPLAY_H

/* Mutations of all seeds together, at least; a harness that does not define it gets 200 of each seed. */
extern const unsigned fuzz_mutations;

#endif
