/*
 * watch_source.c - the last cumulative report of every process, and what is new in the next one. In
 * memory for the versions that are being watched; saved in the transaction that counts the
 * difference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/window_store.h"
#include "watch_private.h"

void watch_clear_sources(struct model_watch *m)
{
    for (size_t i = 0; i < m->n_sources; i++)
        tally_clean_up(&m->sources[i].last);
    free(m->sources);
    m->sources = NULL;
    m->n_sources = 0;
}

static bool counts_same(const struct source *src, const char *sha256, const char *role)
{
    return strcmp(src->sha256, sha256) == 0 && strcmp(src->role, role) == 0;
}

static struct source *find_process(struct model_watch *m, const char *instance, const char *sha256,
                                   const char *role)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i].instance, instance) == 0 &&
            counts_same(&m->sources[i], sha256, role))
            return &m->sources[i];
    return NULL;
}

static struct source *find_address(struct model_watch *m, const char *address, const char *sha256,
                                   const char *role)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i].address, address) == 0 &&
            counts_same(&m->sources[i], sha256, role))
            return &m->sources[i];
    return NULL;
}

static struct source *add_source(struct model_watch *m, const char *sha256, const char *role)
{
    struct source *grown = realloc(m->sources, (m->n_sources + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    m->sources = grown;
    struct source *src = &grown[m->n_sources++];
    *src = (struct source){0};
    snprintf(src->sha256, sizeof(src->sha256), "%s", sha256);
    snprintf(src->role, sizeof(src->role), "%s", role);
    return src;
}

const struct ruler *watch_ruler_of(const struct model_watch *m, const char *sha256)
{
    if (m->champion && strcmp(sha256, m->champion_sha256) == 0)
        return m->champion->ruler;
    if (m->other && strcmp(sha256, m->other->sha256) == 0)
        return m->other->ruler;
    return NULL;
}

static enum err_code load_source(void *user, const struct window_source *saved, struct err *e)
{
    struct model_watch *m = user;
    const struct ruler *ruler = watch_ruler_of(m, saved->sha256);
    if (!ruler)
        return ERR_OK;
    struct source *src = find_process(m, saved->instance, saved->sha256, saved->role);
    if (src && src->unix_ms >= saved->unix_ms)
        return ERR_OK; /* it was met under another address since */
    if (!src)
        src = add_source(m, saved->sha256, saved->role);
    if (!src)
        return err_set(e, ERR_NOMEM, "no memory for the counters of %s", saved->replica);
    snprintf(src->address, sizeof(src->address), "%s", saved->replica);
    snprintf(src->instance, sizeof(src->instance), "%s", saved->instance);
    src->unix_ms = saved->unix_ms;
    tally_clean_up(&src->last);
    return tally_from_blob(saved->data, saved->len, ruler, &src->last, e);
}

enum err_code watch_load_sources(struct store *s, struct model_watch *m, struct err *e)
{
    watch_clear_sources(m);
    return window_store_each_source(s, m->name, load_source, m, e);
}

/* ---- the difference ---- */

/* Where the last report of this process on a version is kept: its own place, else that of the
 * process that answered at the address before, else a new one. */
static struct source *place_of(struct model_watch *m, const struct meeting *met, const char *sha256,
                               const char *role)
{
    struct source *src = find_process(m, met->instance, sha256, role);
    if (!src)
        src = find_address(m, met->address, sha256, role);
    return src ? src : add_source(m, sha256, role);
}

static enum err_code save_source(struct store *s, const struct model_watch *m, struct source *src,
                                 int64_t now_unix_ms, struct err *e)
{
    struct window_source saved = {.model = m->name,
                                  .replica = src->address,
                                  .sha256 = src->sha256,
                                  .role = src->role,
                                  .instance = src->instance,
                                  .unix_ms = now_unix_ms};
    void *blob = NULL;
    enum err_code rc = tally_to_blob(&src->last, &blob, &saved.len, e);
    saved.data = blob;
    src->unix_ms = now_unix_ms;
    if (rc == ERR_OK)
        rc = window_store_put_source(s, &saved, e);
    free(blob);
    return rc;
}

bool watch_tally_is_empty(const struct tally *t)
{
    return t->requests == 0 && t->rows == 0 && t->errors == 0 &&
           (!t->profile || t->profile->n_rows == 0);
}

enum err_code watch_difference(struct store *s, struct model_watch *m, const struct meeting *met,
                               const char *sha256, const char *role, struct tally *cumulative,
                               struct tally *delta, struct err *e)
{
    struct source *src = place_of(m, met, sha256, role);
    if (!src)
        return err_set(e, ERR_NOMEM, "no memory for the counters of %s", met->address);
    enum err_code rc = tally_merge(delta, cumulative, e);
    bool fresh = strcmp(src->instance, met->instance) != 0;
    if (rc == ERR_OK && !fresh && tally_subtract(delta, &src->last, NULL) != ERR_OK) {
        fresh = true;
        tally_clean_up(delta);
        rc = tally_merge(delta, cumulative, e);
    }
    tally_clean_up(&src->last);
    src->last = *cumulative;
    *cumulative = (struct tally){0};
    snprintf(src->instance, sizeof(src->instance), "%s", met->instance);
    snprintf(src->address, sizeof(src->address), "%s", met->address);
    if (rc == ERR_OK && (fresh || !watch_tally_is_empty(delta)))
        rc = save_source(s, m, src, met->now_unix_ms, e);
    return rc;
}
