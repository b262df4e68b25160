/* SPDX-License-Identifier: ISC
 *
 * main() of a unit test: TEST_MAIN(suite) runs the Suite that `static Suite *suite(void)` makes, as TAP. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <check.h>
#include <sodium.h>
#include <stdlib.h>

#define TEST_MAIN(make)                                                                                                \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        SRunner *runner;                                                                                               \
        int failed;                                                                                                    \
                                                                                                                       \
        if (sodium_init() < 0)                                                                                         \
            return 1;                                                                                                  \
        runner = srunner_create(make());                                                                               \
        if (getenv("SUNDEW_TAP") != NULL)                                                                              \
            srunner_set_tap(runner, getenv("SUNDEW_TAP"));                                                             \
        srunner_run_all(runner, getenv("SUNDEW_TAP") != NULL ? CK_SILENT : CK_NORMAL);                                 \
        failed = srunner_ntests_failed(runner);                                                                        \
        srunner_free(runner);                                                                                          \
        return failed == 0 ? 0 : 1;                                                                                    \
    }

#endif
