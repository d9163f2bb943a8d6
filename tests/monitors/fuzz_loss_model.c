/*
 * fuzz_loss_model.c - a saved loss model from untrusted bytes: refused, or one whose every answer
 * is a loss.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "monitors/loss_model.h"

#define MAX_FEATURES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static double features[MAX_FEATURES];
    struct st_file *f = NULL;
    struct mon_loss_model *m = NULL;
    if (st_open_memory(data, size, &f, NULL) != ERR_OK)
        return 0;
    if (mon_loss_model_from_st(f, "", &m, NULL) == ERR_OK)
        for (double x = -3.0; x < 3.0; x += 0.5) {
            for (size_t k = 0; k < MAX_FEATURES; k++)
                features[k] = k % 7 ? x : NAN;
            if (!(mon_loss_model_row(m, x, features) >= 0.0))
                abort();
        }
    mon_loss_model_free(m);
    st_close(f);
    return 0;
}
