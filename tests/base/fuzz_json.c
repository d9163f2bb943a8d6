/* fuzz_json.c - any bytes; what is accepted must print and be read again with the same hash. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e;
    cJSON *root, *again;
    char before[65], after[65];
    char *exact = malloc(size ? size : 1); /* no byte behind the text may be read */
    memcpy(exact, data, size);
    if (!json_parse("fuzz", exact, size, &root, &e)) {
        char *text = json_print(root);
        json_hash(root, before, &e);
        if (!text || json_parse("again", text, strlen(text), &again, &e)) {
            abort();
        }
        json_hash(again, after, &e);
        if (strcmp(before, after) != 0) {
            abort();
        }
        json_at(root, "a.b[0]");
        free(text);
        cJSON_Delete(again);
        cJSON_Delete(root);
    }
    free(exact);
    return 0;
}
