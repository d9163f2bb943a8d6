/*
 * replay_fleet.c - see replay_fleet.h.
 */
#include "replay_fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)
#define FILE_POLL_MS 1000
#define FIRST_BACKOFF_MS 50
#define MAX_BACKOFF_MS 2000
#define EMPTY_WAIT_MS 500

static struct replay_replica *find(const struct replay_fleet *f, const char *url)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->replicas[i].url, url) == 0)
            return &f->replicas[i];
    return NULL;
}

/* ---- the list ---- */

/* "10.0.0.7:8080" is http. */
static enum err_code add(struct replay_fleet *f, const char *target, struct err *e)
{
    struct replay_replica r = {0};
    const char *scheme = strstr(target, "://") ? "" : "http://";
    int len = snprintf(r.url, sizeof(r.url), "%s%s", scheme, target);
    if (target[0] == '\0' || len >= (int)sizeof(r.url))
        return err_set(e, ERR_INVALID, "expected a replica like 127.0.0.1:8081, got \"%.80s\"",
                       target);
    while (len > 0 && r.url[len - 1] == '/')
        r.url[--len] = '\0';
    if (find(f, r.url))
        return ERR_OK;
    if (f->n == REPLAY_MAX_REPLICAS)
        return err_set(e, ERR_LIMIT, "more than %d replicas", REPLAY_MAX_REPLICAS);
    struct replay_replica *grown = realloc(f->replicas, (f->n + 1) * sizeof(*grown));
    if (!grown)
        return err_set(e, ERR_NOMEM, "no memory for %zu replicas", f->n + 1);
    f->replicas = grown;
    f->replicas[f->n++] = r;
    return ERR_OK;
}

static enum err_code add_group(struct replay_fleet *f, const struct yaml_doc *doc,
                               const struct yaml_node *group, struct err *e)
{
    const struct yaml_node *list =
        yaml_kind(group) == YAML_MAPPING ? yaml_find(group, "targets") : NULL;
    if (!list || yaml_kind(list) != YAML_SEQUENCE)
        return err_set(e, ERR_INVALID, "%s:%d:%d: expected a group {\"targets\": [...]}",
                       yaml_name(doc), yaml_line(group), yaml_column(group));
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *item = yaml_item(list, i);
        enum err_code code = add(f, yaml_text(item), e);
        if (code != ERR_OK) {
            err_prefix(e, "%s:%d:%d", yaml_name(doc), yaml_line(item), yaml_column(item));
            return code;
        }
    }
    return ERR_OK;
}

static enum err_code read_file(struct replay_fleet *f, const char *path, struct err *e)
{
    struct yaml_doc *doc = NULL;
    enum err_code code = yaml_load(path, FILE_MAX_BYTES, &doc, e);
    if (code == ERR_OK && yaml_kind(yaml_root(doc)) != YAML_SEQUENCE)
        code = err_set(e, ERR_INVALID, "%s:1:1: expected a list of target groups (file_sd)", path);
    for (size_t i = 0; code == ERR_OK && i < yaml_count(yaml_root(doc)); i++)
        code = add_group(f, doc, yaml_item(yaml_root(doc), i), e);
    yaml_free(doc);
    return code;
}

enum err_code replay_fleet_open(struct replay_fleet *f, const char *path,
                                const struct opt_list *urls, struct err *e)
{
    enum err_code code = ERR_OK;
    f->path = path;
    for (size_t i = 0; code == ERR_OK && i < urls->n; i++)
        code = add(f, urls->items[i], e);
    if (code == ERR_OK && path)
        code = read_file(f, path, e);
    if (code == ERR_OK && f->n == 0 && !path)
        code = err_set(e, ERR_INVALID, "expected a replica");
    return code;
}

void replay_fleet_free(struct replay_fleet *f)
{
    free(f->replicas);
    f->replicas = NULL;
    f->n = 0;
}

/* ---- watching ---- */

/* The new list takes over; what is known of those that stay is kept. */
static void on_file_changed(uv_fs_poll_t *poll, int status, const uv_stat_t *before,
                            const uv_stat_t *now)
{
    struct replay_fleet *f = poll->data, fresh = {0};
    struct err e = {0};
    (void)before;
    (void)now;
    if (status < 0)
        err_set(&e, ERR_IO, "%s: %s", f->path, uv_strerror(status));
    if (e.code != ERR_OK || read_file(&fresh, f->path, &e) != ERR_OK) {
        free(fresh.replicas);
        f->on_problem(e.message, f->user);
        return;
    }
    for (size_t i = 0; i < fresh.n; i++) {
        const struct replay_replica *known = find(f, fresh.replicas[i].url);
        if (known)
            fresh.replicas[i] = *known;
    }
    free(f->replicas);
    f->replicas = fresh.replicas;
    f->n = fresh.n;
}

void replay_fleet_watch(struct replay_fleet *f, uv_loop_t *loop)
{
    uv_fs_poll_init(loop, &f->poll);
    f->poll.data = f;
    if (f->path)
        uv_fs_poll_start(&f->poll, on_file_changed, f->path, FILE_POLL_MS);
}

void replay_fleet_unwatch(struct replay_fleet *f)
{
    uv_close((uv_handle_t *)&f->poll, NULL);
}

/* ---- whose turn it is ---- */

const char *replay_fleet_pick(struct replay_fleet *f, int64_t now_ms, int64_t *wait_ms)
{
    *wait_ms = EMPTY_WAIT_MS;
    for (size_t i = 0; i < f->n; i++) {
        struct replay_replica *r = &f->replicas[(f->next + i) % f->n];
        int64_t wait = r->not_before_ms - now_ms;
        if (wait <= 0) {
            f->next = (f->next + i + 1) % f->n;
            return r->url;
        }
        *wait_ms = wait < *wait_ms ? wait : *wait_ms;
    }
    return NULL;
}

void replay_fleet_succeeded(struct replay_fleet *f, const char *url)
{
    struct replay_replica *r = find(f, url);
    if (r)
        r->not_before_ms = r->backoff_ms = 0;
}

/* Requests that were on their way together fail together: that is one failure. */
void replay_fleet_failed(struct replay_fleet *f, const char *url, int64_t now_ms)
{
    struct replay_replica *r = find(f, url);
    if (!r || r->not_before_ms > now_ms)
        return;
    r->backoff_ms = r->backoff_ms ? 2 * r->backoff_ms : FIRST_BACKOFF_MS;
    if (r->backoff_ms > MAX_BACKOFF_MS)
        r->backoff_ms = MAX_BACKOFF_MS;
    r->not_before_ms = now_ms + r->backoff_ms;
}
