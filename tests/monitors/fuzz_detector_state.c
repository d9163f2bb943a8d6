/*
 * fuzz_detector_state.c - a saved detector from untrusted text: refused, or one that keeps working.
 */
#include <stdint.h>

#include "base/json.h"
#include "monitors/detectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mon_detector *d = NULL;
    cJSON *json = NULL;
    if (json_parse("state", (const char *)data, size, &json, NULL) != ERR_OK)
        return 0;
    if (mon_detector_from_json(json, &d, NULL) == ERR_OK) {
        for (int i = 0; i < 200; i++)
            mon_detector_update(d, i % 3);
        cJSON_Delete(mon_detector_to_json(d));
    }
    mon_detector_free(d);
    cJSON_Delete(json);
    return 0;
}
