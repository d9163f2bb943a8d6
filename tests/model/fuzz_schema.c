/*
 * fuzz_schema.c - any JSON as a schema: refused, or read and written back without a change.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same_again(const struct schema *s)
{
    struct schema *again = NULL;
    cJSON *first = schema_to_json(s);
    if (schema_from_json(first, &again, NULL))
        abort();
    cJSON *second = schema_to_json(again);
    char *a = json_print(first), *b = json_print(second);
    if (strcmp(a, b) != 0)
        abort();
    free(a);
    free(b);
    cJSON_Delete(first);
    cJSON_Delete(second);
    schema_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json = NULL;
    struct schema *s = NULL;
    struct err e = {0};
    if (json_parse("fuzz", (const char *)data, size, &json, &e))
        return 0;
    if (schema_from_json(json, &s, &e) == ERR_OK)
        expect_same_again(s);
    schema_free(s);
    cJSON_Delete(json);
    return 0;
}
