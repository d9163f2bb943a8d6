/*
 * fuzz_cron.c - any text; what is accepted must find times that lie after, in order, and soon.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/cron.h"

#define NINE_YEARS_MS (INT64_C(10) * 366 * 86400000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tz *berlin;
    char *text = malloc(size + 1);
    struct cron c;
    int64_t t = INT64_C(1774700000000), next; /* the day before Berlin springs forward */

    if (berlin == NULL && tz_load("Europe/Berlin", &berlin, NULL) != ERR_OK)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (cron_parse(text, &c, NULL) == ERR_OK) {
        for (int i = 0; i < 20 && cron_next(&c, berlin, t, &next); i++) {
            if (next <= t || next - t > NINE_YEARS_MS)
                abort();
            t = next;
        }
    }
    free(text);
    return 0;
}
