/* SPDX-License-Identifier: ISC */
#include "server/base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/buffer.h"
#include "server/base/clock.h"
#include "server/base/json.h"

#define LINE 2048

/* Set once while the process starts. */
static const char *log_program = "sundew";
static enum log_format log_shape = LOG_FORMAT_TEXT;
static enum log_level log_least = LOG_LEVEL_INFO;
static bool log_journal;

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const priorities[] = {"<7>", "<6>", "<4>", "<3>"};

/* Is standard error what the service manager connected to the journal (systemd.exec(5): JOURNAL_STREAM)? */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat status;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

/* A file or socket that got the number of a closed standard stream would be written to by others. */
static void fill_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void log_open(const char *program)
{
    const char *shape = getenv("SUNDEW_LOG");

    fill_standard_streams();
    log_program = program;
    log_journal = is_journal();
    if (shape != NULL && strcmp(shape, "json") == 0)
        log_shape = LOG_FORMAT_JSON;
}

void log_format(enum log_format format)
{
    log_shape = format;
    setenv("SUNDEW_LOG", format == LOG_FORMAT_JSON ? "json" : "text", 1);
}

void log_threshold(enum log_level least)
{
    log_least = least;
}

static void write_json(struct buffer *line, enum log_level level, const char *time, const char *text)
{
    buffer_add_char(line, '{');
    json_member_text(line, "time", time);
    json_member_text(line, "level", level_names[level]);
    json_member_text(line, "program", log_program);
    json_member_number(line, "pid", getpid());
    json_member_text(line, "message", text);
    buffer_add_text(line, "}\n");
}

/* Control characters would let a client write lines of its own. */
static void write_text(struct buffer *line, enum log_level level, char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    buffer_add_format(line, "%s[%d]: %s%s\n", log_program, (int)getpid(),
                      level == LOG_LEVEL_ERROR     ? "error: "
                      : level == LOG_LEVEL_WARNING ? "warning: "
                                                   : "",
                      text);
}

static void write_line(enum log_level level, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void write_line(enum log_level level, const char *format, va_list arguments)
{
    char text[LINE], time[CLOCK_TEXT];
    struct buffer line;
    ssize_t ignored;

    if (level < log_least)
        return;
    buffer_init(&line, 8 * LINE);
    if (log_journal)
        buffer_add_text(&line, priorities[level]);
    vsnprintf(text, sizeof text, format, arguments);
    if (log_shape == LOG_FORMAT_JSON)
        write_json(&line, level, clock_text(clock_wall(), time), text);
    else
        write_text(&line, level, text);
    ignored = write(STDERR_FILENO, line.data, line.length);
    (void)ignored;
    buffer_free(&line);
}

#define LOG_FUNCTION(name, level)                                                                                      \
    void name(const char *format, ...)                                                                                 \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        write_line(level, format, arguments);                                                                          \
        va_end(arguments);                                                                                             \
    }

LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
