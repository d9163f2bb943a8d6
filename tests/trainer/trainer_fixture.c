/*
 * trainer_fixture.c - see trainer_fixture.h.
 */
#include "trainer_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

void assert_near(double actual, double expected, double tolerance, const char *what)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%s: got %.12g, expected %.12g within %g", what, actual, expected, tolerance);
    }
}

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("expected \"%s\" in \"%s\"", part, text);
    }
}

void make_folder(char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "/tmp/leeway-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

void remove_folder(const char *folder)
{
    struct err e = {0};
    assert_ok(file_remove_tree(folder, &e), e);
}

struct schema *schema_of(const char *text)
{
    struct err e = {0};
    struct schema *s;
    cJSON *json;
    assert_ok(json_parse("schema", text, strlen(text), &json, &e), e);
    assert_ok(schema_from_json(json, &s, &e), e);
    cJSON_Delete(json);
    return s;
}

void write_snapshot(const char *schema_json, size_t n_rows, size_t n_holdout, fill_row *fill,
                    const char *path)
{
    struct err e = {0};
    struct schema *s = schema_of(schema_json);
    struct snapshot_builder *b;
    char sha256[SHA256_HEX_BYTES];
    assert_ok(snapshot_builder_new(s, &b, &e), e);
    struct snapshot_value *values = calloc(s->n_features, sizeof *values);
    for (size_t i = 0; i < n_rows; i++) {
        char label[32];
        fill(i, values, label);
        assert_ok(snapshot_builder_add(b, (int64_t)i * 60000, values, label, &e), e);
    }
    assert_ok(snapshot_builder_save(b, n_holdout, NULL, path, sha256, &e), e);
    free(values);
    snapshot_builder_free(b);
    schema_free(s);
}

struct snapshot *snapshot_of(const char *schema_json, size_t n_rows, size_t n_holdout,
                             fill_row *fill)
{
    struct err e = {0};
    struct snapshot *s;
    char folder[PATH_MAX], path[PATH_MAX + 32];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/snapshot", folder);
    write_snapshot(schema_json, n_rows, n_holdout, fill, path);
    assert_ok(snapshot_load(path, NULL, &s, &e), e);
    remove_folder(folder);
    return s;
}
