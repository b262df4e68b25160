/* SPDX-License-Identifier: ISC
 *
 * Error text for people. A function that can fail takes a `struct error *` last, returns 0 or -1, and on -1 has
 * written what went wrong and what to do about it. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    char text[512];
    int status; /* that a program is to exit with: 2 where what was asked for is at fault, else 3 */
};

/* Writes the text and returns -1, so that `return error_set(...)` reads well. The status is 3. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As error_set(), where what was asked for is at fault: the status is 2. */
int error_usage(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As error_set(), but with the status that is given, and returns it. */
int error_status(struct error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* As error_set(), with ": " and the text of errno behind it. */
int error_errno(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " before the text that is there; the status stays. Returns -1. */
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
