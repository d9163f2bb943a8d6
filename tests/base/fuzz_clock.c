/* fuzz_clock.c - instants and durations: what is read is in range and, printed, reads back the
 * same. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), printed[CLOCK_TEXT_BYTES];
    int64_t ms, back;
    memcpy(text, data, size);
    text[size] = '\0';
    if (clock_parse_utc(text, &ms)) {
        clock_format_utc(ms, printed, sizeof printed);
        /* an offset may lead out of the years 0000..9999 that four digits can write */
        if (strlen(printed) == 24 && (!clock_parse_utc(printed, &back) || back != ms)) {
            abort();
        }
    }
    if (clock_parse_duration(text, &ms)) {
        if (ms < 0 || ms > INT64_C(36525) * 86400000) {
            abort();
        }
        clock_format_duration(ms, printed, sizeof printed);
    }
    free(text);
    return 0;
}
