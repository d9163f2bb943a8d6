/*
 * scan_file.c - a scan's state as tensors and back. Only slots in use are written.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scan_state.h"

#define NAME_BYTES 96
#define PREFIX_MAX 64

static enum err_code check_prefix(const char *prefix, struct err *e)
{
    if (strlen(prefix) <= PREFIX_MAX)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "scan: the prefix %.80s is longer than %d bytes", prefix,
                   PREFIX_MAX);
}

static enum err_code slot_to_st(const struct mon_scan *s, size_t k, const char *prefix,
                                struct st_writer *w, struct err *e)
{
    const int64_t phases = MON_PHASES_MAX;
    char name[NAME_BYTES];
    void *keep = NULL; /* a profile lies in memory as the file wants it */
    snprintf(name, sizeof name, "%s%zu/", prefix, k);
    enum err_code rc = profile_to_st(s->slots[k].profile, name, w, &keep, e);
    snprintf(name, sizeof name, "%s%zu/mix", prefix, k);
    return rc ? rc : st_writer_add(w, name, ST_F64, 1, &phases, s->slots[k].mix.rows, e);
}

enum err_code mon_scan_to_st(const struct mon_scan *s, const char *prefix, struct st_writer *w,
                             struct err *e)
{
    const int64_t one = 1;
    char name[NAME_BYTES];
    enum err_code rc = check_prefix(prefix, e);
    if (rc != ERR_OK)
        return rc;
    snprintf(name, sizeof name, "%swindows", prefix);
    rc = st_writer_add(w, name, ST_U64, 1, &one, &s->n_windows, e);
    for (size_t k = 0; rc == ERR_OK && k + 1 < s->n_scales; k++)
        if (scan_slot_in_use(s, k))
            rc = slot_to_st(s, k, prefix, w, e);
    return rc;
}

static enum err_code read_mix(struct scan_slot *slot, const double *rows, const char *name,
                              struct err *e)
{
    for (size_t i = 0; i < MON_PHASES_MAX; i++)
        if (!isfinite(rows[i]) || rows[i] < 0.0)
            return err_set(e, ERR_PARSE, "%s: phase %zu holds %g rows", name, i, rows[i]);
    memcpy(slot->mix.rows, rows, sizeof slot->mix.rows);
    return ERR_OK;
}

static enum err_code slot_from_st(struct mon_scan *s, size_t k, const struct st_file *f,
                                  const char *prefix, struct err *e)
{
    const int64_t phases = MON_PHASES_MAX;
    const struct st_tensor *mix;
    struct profile *read = NULL;
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s%zu/mix", prefix, k);
    enum err_code rc = st_need(f, name, ST_F64, 1, &phases, &mix, e);
    if (rc == ERR_OK)
        rc = read_mix(&s->slots[k], mix->data, name, e);
    snprintf(name, sizeof name, "%s%zu/", prefix, k);
    if (rc == ERR_OK)
        rc = profile_from_st(f, name, s->ruler, &read, e);
    if (rc != ERR_OK)
        return rc;
    profile_free(s->slots[k].profile);
    s->slots[k].profile = read;
    return ERR_OK;
}

enum err_code mon_scan_from_st(struct mon_scan *s, const struct st_file *f, const char *prefix,
                               struct err *e)
{
    const int64_t one = 1;
    const struct st_tensor *windows;
    char name[NAME_BYTES];
    mon_scan_clear(s);
    enum err_code rc = check_prefix(prefix, e);
    snprintf(name, sizeof name, "%.*swindows", PREFIX_MAX, prefix);
    if (rc == ERR_OK)
        rc = st_need(f, name, ST_U64, 1, &one, &windows, e);
    if (rc != ERR_OK)
        return rc;
    memcpy(&s->n_windows, windows->data, sizeof s->n_windows);
    for (size_t k = 0; rc == ERR_OK && k + 1 < s->n_scales; k++)
        if (scan_slot_in_use(s, k))
            rc = slot_from_st(s, k, f, prefix, e);
    if (rc != ERR_OK)
        mon_scan_clear(s);
    return rc;
}
