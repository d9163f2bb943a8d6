/*
 * fuzz_detector_state.c - a saved detector from untrusted text: refused, or one that keeps working.
 *
 * An input that starts with '{' is a whole saved detector. Any other is a kind (first byte), a
 * number of values to feed it (second), and an object whose members replace those of the same name
 * in its saved parameters and state: so that every kind's reader is reached past the first check.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "monitors/detectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct mon_detector *d, int n)
{
    for (int i = 0; i < n; i++)
        mon_detector_update(d, i % 3 == 0 ? 1e9 * i : i % 2);
}

static void restore(const cJSON *json)
{
    struct mon_detector *d = NULL, *again = NULL;
    if (mon_detector_from_json(json, &d, NULL) != ERR_OK)
        return;
    feed(d, 200);
    cJSON *saved = mon_detector_to_json(d);
    if (mon_detector_from_json(saved, &again, NULL) != ERR_OK)
        abort(); /* what a detector writes, it reads */
    cJSON_Delete(saved);
    mon_detector_free(d);
    mon_detector_free(again);
}

static cJSON *saved_example(uint8_t kind, uint8_t n)
{
    size_t n_kinds = 0;
    struct mon_detector *d = NULL;
    while (mon_detector_kind(n_kinds) != NULL)
        n_kinds++;
    if (mon_detector_new(mon_detector_kind(kind % n_kinds), NULL, &d, NULL) != ERR_OK)
        return NULL;
    feed(d, n);
    cJSON *json = mon_detector_to_json(d);
    mon_detector_free(d);
    return json;
}

static void replace(cJSON *object, const char *part, const cJSON *with)
{
    cJSON *target = cJSON_GetObjectItemCaseSensitive(object, part);
    for (const cJSON *item = with->child; item != NULL; item = item->next) {
        if (cJSON_GetObjectItemCaseSensitive(target, item->string) != NULL)
            cJSON_ReplaceItemInObjectCaseSensitive(target, item->string, cJSON_Duplicate(item, 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json = NULL, *example = NULL;
    size_t skip = size > 2 && data[0] != '{' ? 2 : 0;
    if (json_parse("state", (const char *)data + skip, size - skip, &json, NULL) != ERR_OK)
        return 0;
    if (skip > 0 && cJSON_IsObject(json) && (example = saved_example(data[0], data[1])) != NULL) {
        replace(example, "params", json);
        replace(example, "state", json);
    }
    restore(example != NULL ? example : json);
    cJSON_Delete(example);
    cJSON_Delete(json);
    return 0;
}
