/* fuzz_run.c - any bytes as a saved run: what is accepted steps without harm and is written back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "machine/run_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drive(struct run *r)
{
    for (int kind = RUN_EV_START; kind <= RUN_EV_ROLLBACK; kind++) {
        struct run_event ev = {.kind = (enum run_event_kind)kind, .action_seq = r->action_seq};
        struct run_desired desired;
        run_step(r, &ev, 1767225600000);
        run_desired(r, &desired);
    }
    cJSON_Delete(run_to_json(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json = NULL;
    struct run r;
    char *exact = malloc(size ? size : 1);

    memcpy(exact, data, size);
    if (json_parse("run", exact, size, &json, NULL) == ERR_OK) {
        if (run_from_json(json, &r, NULL) == ERR_OK) {
            drive(&r);
        }
        cJSON_Delete(json);
    }
    free(exact);
    return 0;
}
