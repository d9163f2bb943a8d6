/*
 * fuzz_job_spec.c - whatever a client submits: an error or a spec, never a crash or a leak.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "daemon/job_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json;
    struct job_spec spec;
    struct err e = {0};
    if (json_parse("body", (const char *)data, size, &json, &e) == ERR_OK &&
        job_spec_init(&spec, json, true, &e) == ERR_OK) {
        job_spec_deinit(&spec);
    }
    return 0;
}
