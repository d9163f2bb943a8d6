/* cli_testing.h - a CSV file and a schema that a test states as text. */
#ifndef TESTS_CLI_TESTING_H
#define TESTS_CLI_TESTING_H

#include "testing.h"

#include <cjson/cJSON.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/json.h"

/* Opens text as a CSV file; close with csv_close. */
static inline struct csv *open_csv(const char *text)
{
    char path[] = "/tmp/cli-test-XXXXXX";
    struct csv *csv = NULL;
    struct err e = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_ok(csv_open(path, &csv, &e), &e);
    unlink(path);
    return csv;
}

static inline cJSON *parse_json(const char *text)
{
    cJSON *json = NULL;
    struct err e = {0};
    assert_ok(json_parse("test", text, strlen(text), &json, &e), &e);
    return json;
}

#endif
