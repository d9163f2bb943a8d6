/*
 * fuzz_time_text.c - fields of a CSV file as points in time and as numbers: whatever is read must
 * lie where the header says, and a number must be strtod's.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    int64_t at = 0;
    double x = 0;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int f = TIME_UNIX; f <= TIME_ISO8601; f++)
        if (time_text_parse(text, (enum time_format)f, &at) &&
            (at < -2208988800000 || at > 7258118400000))
            abort();
    if (csv_number(text, &x) && !isnan(x) && x != strtod(text, NULL))
        abort();
    free(text);
    return 0;
}
