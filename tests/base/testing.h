/*
 * testing.h - cmocka with what it needs in front, and a folder that a test may fill.
 */
#ifndef BASE_TESTING_H
#define BASE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/file.h"

/* Fails with the message of e where a call that should succeed did not. */
#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        enum err_code got_code = (call);                                                           \
        if (got_code != ERR_OK) {                                                                  \
            fail_msg("%s: %s: %s", #call, err_code_text(got_code), (e)->message);                  \
        }                                                                                          \
    } while (0)

/* Fails, showing both, where the call's code or the message's text are not the expected ones. */
#define assert_fails(call, e, want_code, want_text)                                                \
    do {                                                                                           \
        enum err_code got_code = (call);                                                           \
        if (got_code != (want_code) || !strstr((e)->message, (want_text))) {                       \
            fail_msg("%s: expected %s with \"%s\", got %s with \"%s\"", #call,                     \
                     err_code_text(want_code), (want_text), err_code_text(got_code),               \
                     (e)->message);                                                                \
        }                                                                                          \
    } while (0)

/* Setup and teardown of a group: *state is the path of a folder of its own. */
static inline int make_test_folder(void **state)
{
    char *path = strdup("/tmp/leeway-test-XXXXXX");
    *state = path;
    return path && mkdtemp(path) ? 0 : -1;
}

static inline int remove_test_folder(void **state)
{
    int failed = file_remove_tree(*state, NULL) != ERR_OK;
    free(*state);
    return failed;
}

/* folder/name, in one of eight buffers that take turns: a test may hold a few paths at once. */
static inline const char *path_in(void **state, const char *name)
{
    static char paths[8][512];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, 512, "%s/%s", (const char *)*state, name);
    return path;
}

#endif
