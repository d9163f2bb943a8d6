/*
 * trainer_fixture.h - small snapshots and folders for the tests of trainer/.
 */
#ifndef TESTS_TRAINER_TRAINER_FIXTURE_H
#define TESTS_TRAINER_TRAINER_FIXTURE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/snapshot.h"

/* Fails the test with the error's own sentence. */
#define assert_ok(code, e)                                                                         \
    do {                                                                                           \
        if (code) {                                                                                \
            fail_msg("%s: %s", #code, (e).message);                                                \
        }                                                                                          \
    } while (0)

/* Fails unless |actual - expected| <= tolerance; prints both. */
void assert_near(double actual, double expected, double tolerance, const char *what);

/* Fails unless text contains part; prints both. */
void assert_contains(const char *text, const char *part);

/* A new folder under /tmp; remove_folder takes it away. */
void make_folder(char out[PATH_MAX]);
void remove_folder(const char *folder);

struct schema *schema_of(const char *json);

/* One row for a schema: calls snapshot_builder_add. */
typedef void fill_row(size_t i, struct snapshot_value *values, char label[32]);

/* Writes n_rows rows to path, a minute apart. */
void write_snapshot(const char *schema_json, size_t n_rows, size_t n_holdout, fill_row *fill,
                    const char *path);

/* The same, loaded. Free with snapshot_free. */
struct snapshot *snapshot_of(const char *schema_json, size_t n_rows, size_t n_holdout,
                             fill_row *fill);

#endif
