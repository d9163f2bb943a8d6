/*
 * fuzz_harm_state.c - a saved harm test from untrusted text: refused, or one that keeps working.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "monitors/harm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mon_harm *h = NULL;
    struct mon_signal s;
    cJSON *json = NULL;
    if (json_parse("state", (const char *)data, size, &json, NULL) != ERR_OK)
        return 0;
    if (mon_harm_from_json(json, &h, NULL) == ERR_OK) {
        for (int i = 0; i < 200; i++)
            mon_harm_update(h, 0.5 * (i % 3));
        mon_harm_signal(h, &s);
        if (!isfinite(s.e_value) || !isfinite(s.value))
            abort();
        cJSON_Delete(mon_harm_to_json(h));
    }
    mon_harm_free(h);
    cJSON_Delete(json);
    return 0;
}
