/*
 * overtime_file.c - a monitor's merged windows and alarms as tensors and back.
 */
#include <stdio.h>
#include <string.h>

#include "overtime_state.h"

#define NAME_BYTES 96
#define PREFIX_MAX 48

_Static_assert(sizeof(struct alarm_record) == 4 * sizeof(uint64_t), "a row of four numbers");

static enum err_code make_name(const char *prefix, const char *what, char out[NAME_BYTES],
                               struct err *e)
{
    if (strlen(prefix) > PREFIX_MAX)
        return err_set(e, ERR_INVALID, "overtime: the prefix %.60s is longer than %d bytes", prefix,
                       PREFIX_MAX);
    snprintf(out, NAME_BYTES, "%s%s", prefix, what);
    return ERR_OK;
}

enum err_code mon_overtime_to_st(const struct mon_overtime *m, const char *prefix,
                                 struct st_writer *w, struct err *e)
{
    const int64_t shape[2] = {(int64_t)m->options.n_scales, 4}, one = 1;
    char name[NAME_BYTES];
    enum err_code rc = make_name(prefix, "alarms", name, e);
    if (rc == ERR_OK)
        rc = st_writer_add(w, name, ST_U64, 2, shape, m->alarms, e);
    if (rc == ERR_OK)
        rc = make_name(prefix, "raises", name, e);
    if (rc == ERR_OK)
        rc = st_writer_add(w, name, ST_U64, 1, &one, &m->n_raises, e);
    if (rc == ERR_OK)
        rc = make_name(prefix, "scan/", name, e);
    return rc != ERR_OK ? rc : mon_scan_to_st(m->scan, name, w, e);
}

static enum err_code check_alarm(const struct alarm_record *r, size_t scale, struct err *e)
{
    if (r->raised <= 1 && r->n_clear <= UINT32_MAX && r->n_raises <= r->n_windows)
        return ERR_OK;
    return err_set(e, ERR_PARSE,
                   "alarms: row %zu holds raised %llu, %llu clear, %llu raises in %llu windows",
                   scale, (unsigned long long)r->raised, (unsigned long long)r->n_clear,
                   (unsigned long long)r->n_raises, (unsigned long long)r->n_windows);
}

static enum err_code read_alarms(struct mon_overtime *m, const struct st_file *f,
                                 const char *prefix, struct err *e)
{
    const int64_t shape[2] = {(int64_t)m->options.n_scales, 4}, one = 1;
    const struct st_tensor *alarms = NULL, *raises = NULL;
    char name[NAME_BYTES];
    enum err_code rc = make_name(prefix, "alarms", name, e);
    if (rc == ERR_OK)
        rc = st_need(f, name, ST_U64, 2, shape, &alarms, e);
    if (rc == ERR_OK)
        rc = make_name(prefix, "raises", name, e);
    if (rc == ERR_OK)
        rc = st_need(f, name, ST_U64, 1, &one, &raises, e);
    if (rc != ERR_OK)
        return rc;
    memcpy(m->alarms, alarms->data, alarms->size_bytes);
    memcpy(&m->n_raises, raises->data, sizeof m->n_raises);
    for (size_t k = 0; rc == ERR_OK && k < m->options.n_scales; k++)
        rc = check_alarm(&m->alarms[k], k, e);
    return rc;
}

enum err_code mon_overtime_from_st(struct mon_overtime *m, const struct st_file *f,
                                   const char *prefix, struct err *e)
{
    char name[NAME_BYTES];
    enum err_code rc = read_alarms(m, f, prefix, e);
    if (rc == ERR_OK)
        rc = make_name(prefix, "scan/", name, e);
    if (rc == ERR_OK)
        rc = mon_scan_from_st(m->scan, f, name, e);
    if (rc == ERR_OK)
        return ERR_OK;
    mon_overtime_clear(m);
    m->n_raises = 0;
    return rc;
}
