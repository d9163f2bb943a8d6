/* fleet.c - see fleet.h. uv_fs_poll rather than inotify: it also works on network file systems and
 * through the rename that editors and config managers do. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/yaml.h"

#define FLEET_FILE_MAX_BYTES (4u << 20)
#define FLEET_POLL_MS 1000

struct fleet {
    uv_fs_poll_t poll;
    char *path;
    fleet_changed *on_changed;
    fleet_problem *on_problem;
    void *user;
    struct fleet_targets targets;
    bool has_problem;
};

void fleet_targets_free(struct fleet_targets *t)
{
    free(t->urls);
    *t = (struct fleet_targets){0};
}

static bool targets_contain(const struct fleet_targets *t, const char *url)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->urls[i], url) == 0)
            return true;
    return false;
}

/* "HOST:PORT" or a URL as what calls begin with; false where it is neither, or too long. */
static bool make_url(const char *text, char url[FLEET_URL_BYTES])
{
    const char *scheme = strstr(text, "://");
    bool known = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    if (scheme && !known)
        return false;
    int len = snprintf(url, FLEET_URL_BYTES, "%s%s", scheme ? "" : "http://", text);
    if (len < 0 || len >= FLEET_URL_BYTES)
        return false;
    while (len > 0 && url[len - 1] == '/')
        url[--len] = '\0';
    return strpbrk(url, " \t\r\n") == NULL && strstr(url, "://") != NULL;
}

static enum err_code add_target(const struct yaml_doc *doc, const struct yaml_node *node,
                                struct fleet_targets *t, struct err *e)
{
    if (yaml_kind(node) != YAML_SCALAR || yaml_text(node)[0] == '\0')
        return err_set(e, ERR_INVALID, "%s:%d:%d: expected a target like \"10.0.0.7:8080\"",
                       yaml_name(doc), yaml_line(node), yaml_column(node));
    char url[FLEET_URL_BYTES];
    if (!make_url(yaml_text(node), url) || t->n == FLEET_MAX_TARGETS)
        return err_set(
            e, ERR_LIMIT,
            "%s:%d:%d: expected HOST:PORT or a URL (http, https) of at most %d bytes, and at "
            "most %d targets",
            yaml_name(doc), yaml_line(node), yaml_column(node), FLEET_URL_BYTES - 1,
            FLEET_MAX_TARGETS);
    if (targets_contain(t, url))
        return ERR_OK;
    void *grown = realloc(t->urls, (t->n + 1) * sizeof(t->urls[0]));
    if (!grown)
        return err_set(e, ERR_NOMEM, "no memory for %zu targets", t->n + 1);
    t->urls = grown;
    memcpy(t->urls[t->n++], url, sizeof(url));
    return ERR_OK;
}

static enum err_code add_group(const struct yaml_doc *doc, const struct yaml_node *group,
                               struct fleet_targets *t, struct err *e)
{
    const struct yaml_node *list =
        yaml_kind(group) == YAML_MAPPING ? yaml_find(group, "targets") : NULL;
    if (!list || yaml_kind(list) != YAML_SEQUENCE)
        return err_set(e, ERR_INVALID, "%s:%d:%d: expected a group {\"targets\": [...]}",
                       yaml_name(doc), yaml_line(group), yaml_column(group));
    for (size_t i = 0; i < yaml_count(list); i++)
        if (add_target(doc, yaml_item(list, i), t, e) != ERR_OK)
            return e ? e->code : ERR_INVALID;
    return ERR_OK;
}

enum err_code fleet_parse(const char *name, const char *text, size_t len, struct fleet_targets *out,
                          struct err *e)
{
    struct err local = {0};
    struct fleet_targets t = {0};
    struct yaml_doc *doc = NULL;
    enum err_code rc = yaml_parse(name, text, len, &doc, &local);
    if (rc == ERR_OK && yaml_kind(yaml_root(doc)) != YAML_SEQUENCE)
        rc = err_set(&local, ERR_INVALID, "%s:1:1: expected a list of target groups (file_sd)",
                     name);
    for (size_t i = 0; rc == ERR_OK && i < yaml_count(yaml_root(doc)); i++)
        rc = add_group(doc, yaml_item(yaml_root(doc), i), &t, &local);
    yaml_free(doc);
    if (rc != ERR_OK) {
        fleet_targets_free(&t);
        if (e)
            *e = local;
        return rc;
    }
    *out = t;
    return ERR_OK;
}

static bool same_targets(const struct fleet_targets *a, const struct fleet_targets *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->urls[i], b->urls[i]) != 0)
            return false;
    return true;
}

static void report_problem(struct fleet *f, const char *message)
{
    if (message || f->has_problem)
        f->on_problem(message, f->user);
    f->has_problem = message != NULL;
}

static void read_again(struct fleet *f)
{
    struct err e = {0};
    char *text = NULL;
    size_t len = 0;
    struct fleet_targets t = {0};
    enum err_code rc = file_read(f->path, FLEET_FILE_MAX_BYTES, &text, &len, &e);
    if (rc == ERR_OK)
        rc = fleet_parse(f->path, text, len, &t, &e);
    free(text);
    report_problem(f, rc == ERR_OK ? NULL : e.message);
    if (rc != ERR_OK)
        return;
    if (same_targets(&t, &f->targets)) {
        fleet_targets_free(&t);
        return;
    }
    fleet_targets_free(&f->targets);
    f->targets = t;
    f->on_changed(&f->targets, f->user);
}

static void on_poll(uv_fs_poll_t *handle, int status, const uv_stat_t *prev, const uv_stat_t *curr)
{
    (void)status; /* a vanished file is reported by read_again, with its name */
    (void)prev;
    (void)curr;
    read_again(handle->data);
}

enum err_code fleet_open(uv_loop_t *loop, const char *path, fleet_changed *on_changed,
                         fleet_problem *on_problem, void *user, struct fleet **out, struct err *e)
{
    struct fleet *f = calloc(1, sizeof(*f));
    char *copy = strdup(path);
    if (!f || !copy) {
        free(f);
        free(copy);
        return err_set(e, ERR_NOMEM, "no memory to watch %s", path);
    }
    f->path = copy;
    f->on_changed = on_changed;
    f->on_problem = on_problem;
    f->user = user;
    uv_fs_poll_init(loop, &f->poll);
    f->poll.data = f;
    *out = f;
    read_again(f);
    uv_fs_poll_start(&f->poll, on_poll, f->path, FLEET_POLL_MS);
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct fleet *f = handle->data;
    fleet_targets_free(&f->targets);
    free(f->path);
    free(f);
}

void fleet_close(struct fleet *f)
{
    if (f)
        uv_close((uv_handle_t *)&f->poll, on_closed);
}
