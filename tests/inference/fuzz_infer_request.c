/*
 * fuzz_infer_request.c - bytes as an infer request with binary tensors: no crash, and what is
 * accepted without binary data is what cJSON reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer_request.h"
#include "request_oracle.h"
#include "tiny_artifact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct feature_index *features;
static struct schema *schema;

/* The first two bytes say where the JSON ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!features) {
        schema = tiny_schema("{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
                             "{\"name\":\"b\",\"type\":\"categorical\"}],"
                             "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}");
        features = feature_index_new(schema);
    }
    if (size < 2) {
        return 0;
    }
    struct arena arena = ARENA_INIT;
    struct infer_request request;
    const char *text = (const char *)data + 2;
    size_t len = size - 2, binary_len = (size_t)(data[0] | data[1] << 8);
    binary_len = binary_len <= len ? binary_len : 0;
    const struct infer_body body = {text, len - binary_len, text + len - binary_len, binary_len};
    infer_request_peek(&body, &arena, &request, NULL);
    enum err_code code = infer_request_read(&body, features, NULL, &arena, &request, NULL);
    struct oracle_rows oracle;
    bool comparable = !code && binary_len == 0 && !memmem(text, len, "\\u0000", 6) &&
                      !memmem(text, len, "\"input\"", 7) &&
                      !memmem(text, len, "binary_data_size", 16);
    if (comparable && oracle_read(text, len, schema, &oracle)) {
        const char *difference = oracle_compare(&oracle, schema, &request.rows);
        if (difference) {
            fprintf(stderr, "%s\n", difference);
            abort();
        }
        oracle_free(&oracle, schema);
    }
    arena_free(&arena);
    return 0;
}
