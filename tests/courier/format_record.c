/* SPDX-License-Identifier: ISC
 *
 * format_record FORMAT < record.json: the format's bytes on standard output, for foreign validators. Without a
 * record on standard input ("-" as second argument): the sample's. */
#include <stdio.h>
#include <string.h>
#include "server/courier/format.h"
#include "tests/courier/sample.h"

int main(int argc, char **argv)
{
    static const struct format_context context = {"0.1.0"};
    const struct alert_format *format = argc > 1 ? format_find(argv[1]) : NULL;
    json_t *record = argc > 2 ? json_loads(SAMPLE_RECORD, 0, NULL) : json_loadf(stdin, 0, NULL);
    struct buffer out;
    struct error error;
    int rc = 1;

    buffer_init(&out, 256 * 1024);
    if (format != NULL && record != NULL && format->write(record, &context, &out, &error) == 0)
        rc = fwrite(out.data, 1, out.length, stdout) == out.length ? 0 : 1;
    buffer_free(&out);
    json_decref(record);
    return rc;
}
