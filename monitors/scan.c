/*
 * scan.c - the binary counter of merged windows.
 */
#include "monitors/scan.h"

#include <stdlib.h>
#include <string.h>

#include "scan_state.h"

enum err_code mon_scan_new(const struct ruler *ruler, size_t n_scales, struct mon_scan **out,
                           struct err *e)
{
    if (n_scales < 1 || n_scales > MON_SCALES_MAX)
        return err_set(e, ERR_INVALID, "n_scales: expected 1 to %d, got %zu", MON_SCALES_MAX,
                       n_scales);
    struct mon_scan *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    s->ruler = ruler;
    s->n_scales = n_scales;
    for (size_t k = 0; k + 1 < n_scales; k++) {
        enum err_code rc = profile_new(ruler, &s->slots[k].profile, e);
        if (rc != ERR_OK) {
            mon_scan_free(s);
            return rc;
        }
    }
    *out = s;
    return ERR_OK;
}

void mon_scan_free(struct mon_scan *s)
{
    if (s == NULL)
        return;
    for (size_t k = 0; k + 1 < s->n_scales; k++)
        profile_free(s->slots[k].profile);
    free(s);
}

static void start_slot(struct scan_slot *slot, const struct mon_scan_block *half)
{
    profile_clear(slot->profile);
    profile_merge(slot->profile, half->profile);
    slot->mix = *half->mix;
}

/* The older half in the slot and the younger one make a block of twice the length. */
static struct mon_scan_block complete_slot(struct scan_slot *slot,
                                           const struct mon_scan_block *half)
{
    profile_merge(slot->profile, half->profile);
    mon_phase_mix_merge(&slot->mix, half->mix);
    return (struct mon_scan_block){half->scale + 1, half->n_windows * 2, slot->profile, &slot->mix};
}

size_t mon_scan_add(struct mon_scan *s, const struct profile *window,
                    const struct mon_phase_mix *mix, struct mon_scan_block *blocks)
{
    static const struct mon_phase_mix unknown;
    size_t n = 1;
    blocks[0] = (struct mon_scan_block){0, 1, window, mix != NULL ? mix : &unknown};
    for (; n < s->n_scales && scan_slot_in_use(s, n - 1); n++)
        blocks[n] = complete_slot(&s->slots[n - 1], &blocks[n - 1]);
    if (n < s->n_scales)
        start_slot(&s->slots[n - 1], &blocks[n - 1]);
    s->n_windows++;
    return n;
}

size_t mon_scan_n_scales(const struct mon_scan *s)
{
    return s->n_scales;
}

uint64_t mon_scan_windows(const struct mon_scan *s)
{
    return s->n_windows;
}

void mon_scan_clear(struct mon_scan *s)
{
    s->n_windows = 0;
}
