/* SPDX-License-Identifier: ISC
 *
 * Log lines on standard error: for people, or one JSON object a line; behind "<N>", the priority of sd-daemon(3), where
 * standard error is the journal. Never holds a credential. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Names this process in each line; to be called once, before anything is opened: standard streams that are closed lead to
 * /dev/null from here on. `program` must stay. Children inherit the format by the environment variable SUNDEW_LOG (text or
 * json), which log_open() reads and log_format() sets. */
void log_open(const char *program);
void log_format(enum log_format format);
void log_threshold(enum log_level least);
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
