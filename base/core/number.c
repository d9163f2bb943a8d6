/*
 * number.c - tries 15, 16, then 17 significant digits; 17 always suffice for a double.
 */
#include "number.h"

#include <stdio.h>
#include <stdlib.h>

char *number_format(double value, char out[NUMBER_BYTES])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return out;
}
