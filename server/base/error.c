/* SPDX-License-Identifier: ISC */
#include "server/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct error *error, int status, const char *format, va_list arguments)
{
    vsnprintf(error->text, sizeof error->text, format, arguments);
    error->status = status;
}

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, 3, format, arguments);
    va_end(arguments);
    return -1;
}

int error_usage(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, 2, format, arguments);
    va_end(arguments);
    return -1;
}

int error_status(struct error *error, int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(error, status, format, arguments);
    va_end(arguments);
    return status;
}

int error_errno(struct error *error, const char *format, ...)
{
    int number = errno;
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    fill(error, 3, format, arguments);
    va_end(arguments);
    length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, ": %s", strerror(number));
    errno = number;
    return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
    struct error before = *error;
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    fill(error, before.status, format, arguments);
    va_end(arguments);
    length = strlen(error->text);
    snprintf(error->text + length, sizeof error->text - length, ": %s", before.text);
    return -1;
}
