/* SPDX-License-Identifier: ISC */
#include "server/courier/grade.h"
#include <string.h>
#include "server/courier/record.h"

#define USED "Deception/Decoy Credential Used"
#define TRIED "Deception/Decoy Identity Tried"

/* The first whose condition holds is meant. */
static const struct {
    const char *grade;
    enum { ALWAYS, PROVEN, NAMED } when;
    struct grade words;
} grades[] = {
    {"secret", PROVEN,
     {"was USED", "Certain: a proof verifies that needs a secret which exists once and has no honest use", "It", USED,
      SHOWS_READ}},
    {"secret", ALWAYS,
     {"was USED", "Certain: exact match of a secret that exists once and has no honest use", "It", USED, SHOWS_READ}},
    {"secret-elsewhere", PROVEN,
     {"was TRIED ELSEWHERE", "Certain: a proof verifies that needs the secret, at a decoy that it does not open", "It",
      USED, SHOWS_READ}},
    {"secret-elsewhere", ALWAYS,
     {"was TRIED ELSEWHERE", "Certain: exact match of the secret, with another identity or at a decoy that it does not "
      "open", "It", USED, SHOWS_READ}},
    {"key-offered", ALWAYS,
     {"was OFFERED", "Likely: the public half of a planted key was offered, no proof of the private half yet",
      "The key pair", "Deception/Decoy Key Offered", SHOWS_LIKELY}},
    {"identity", NAMED,
     {"was named without its secret", "Likely: the identity is a planted one and stands nowhere else; no secret was "
      "shown", "The identity", TRIED, SHOWS_LIKELY}},
    {"identity", ALWAYS,
     {"was tried with a wrong secret", "Likely: the identity is a planted one and stands nowhere else; the secret was "
      "wrong", "The identity", TRIED, SHOWS_LIKELY}},
    {"spray", ALWAYS,
     {"was among many that were tried", "Weak: no planted secret was shown", "The identity", TRIED, SHOWS_LIKELY}},
    {"beacon", ALWAYS,
     {"was FETCHED", "Weak: the address stands nowhere else, but previews, mail gateways and indexers fetch by "
      "themselves", "The address", "Deception/Decoy Address Fetched", SHOWS_FETCHED}},
};

static const struct grade unknown = {"was touched", "Weak: no planted secret was shown", "It", TRIED, SHOWS_LIKELY};

static bool has_context(const json_t *record, const char *wanted)
{
    const json_t *context = record_get(record, "sighting.context");
    bool found = false;

    for (size_t i = 0; i < json_array_size(context); i++) {
        const char *word = json_string_value(json_array_get(context, i));

        found = found || (word != NULL && strcmp(word, wanted) == 0);
    }
    return found;
}

const struct grade *grade_of(const json_t *record)
{
    const char *grade = record_text(record, "grade");
    bool holds[] = {true, has_context(record, "proof"), record_get(record, "sighting.near") == NULL};

    for (size_t i = 0; i < sizeof grades / sizeof grades[0]; i++)
        if (strcmp(grades[i].grade, grade) == 0 && holds[grades[i].when])
            return &grades[i].words;
    return &unknown;
}
