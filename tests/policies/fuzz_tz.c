/*
 * fuzz_tz.c - any bytes as a zone file; what is accepted must convert without reading astray.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/tz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = malloc(size ? size : 1);
    struct tz *tz = NULL;

    memcpy(exact, data, size);
    if (tz_parse("fuzz", exact, size, &tz, NULL) == ERR_OK) {
        for (int64_t ms = -INT64_C(4000000000000); ms < INT64_C(8000000000000);
             ms += INT64_C(97000000000)) {
            struct tz_civil c;

            tz_civil_at(tz, ms, &c);
            tz_to_unix_ms(tz, &c, TZ_EARLIER);
            tz_to_unix_ms(tz, &c, TZ_LATER);
        }
        tz_free(tz);
    }
    free(exact);
    return 0;
}
