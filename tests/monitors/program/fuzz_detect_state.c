/*
 * fuzz_detect_state.c - the state file of leeway-monitor detect from untrusted text: refused, or a
 * detector that goes on and can be saved again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "detect_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct detect_state s = {0}, again = {0};
    cJSON *json = NULL;
    if (json_parse("state", (const char *)data, size, &json, NULL) != ERR_OK)
        return 0;
    if (detect_state_from_json(json, &s, NULL) == ERR_OK) {
        for (int i = 0; i < 100; i++)
            mon_detector_update(s.detector, i % 2);
        cJSON *saved = detect_state_to_json(&s);
        if (detect_state_from_json(saved, &again, NULL) != ERR_OK)
            abort(); /* what it writes, it reads */
        cJSON_Delete(saved);
    }
    mon_detector_free(s.detector);
    mon_detector_free(again.detector);
    cJSON_Delete(json);
    return 0;
}
