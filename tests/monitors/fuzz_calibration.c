/*
 * fuzz_calibration.c - a saved calibrator from untrusted bytes: refused, or one whose every answer
 * is a chance.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "monitors/calibration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct mon_calibration_curve *curve)
{
    for (double score = -0.5; score <= 1.5; score += 0.125) {
        double chance = mon_calibration_chance(curve, score);
        if (!(chance >= 0.0 && chance <= 1.0) ||
            mon_calibration_block_of(curve, score) >= curve->n_blocks)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct st_file *f = NULL;
    struct mon_calibrator *c = NULL;
    if (st_open_memory(data, size, &f, NULL) != ERR_OK)
        return 0;
    if (mon_calibrator_from_st(f, "", &c, NULL) == ERR_OK)
        for (size_t k = 0; k < c->n_outputs; k++)
            ask(&c->curves[k]);
    mon_calibrator_free(c);
    st_close(f);
    return 0;
}
