/*
 * json_parse.c - text to tree: our strict pass, then cJSON, then the search for duplicate keys
 * (cJSON keeps both and finds the first, other readers the last: a message that means two things is
 * refused).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "json_check.h"

struct member {
    const char *key;
    size_t index; /* of the key, in document order */
};

static int by_key_then_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* What a walk over the tree in document order knows. */
struct walk {
    size_t n_keys; /* keys passed so far */
    bool is_duplicate, out_of_memory;
    struct member duplicate; /* the second of two equal keys */
};

static void walk_node(struct walk *w, const cJSON *node);

static void note_duplicate(struct walk *w, struct member *members, size_t n)
{
    qsort(members, n, sizeof(*members), by_key_then_place);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(members[i].key, members[i - 1].key) == 0) {
            w->duplicate = members[i];
            w->is_duplicate = true;
            return;
        }
    }
}

static void walk_object(struct walk *w, const cJSON *node)
{
    size_t n = (size_t)cJSON_GetArraySize(node), i = 0;
    struct member *members = calloc(n ? n : 1, sizeof(*members));
    if (!members) {
        w->out_of_memory = true;
        return;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        members[i++] = (struct member){item->string, w->n_keys++};
        walk_node(w, item);
    }
    if (!w->is_duplicate && !w->out_of_memory) {
        note_duplicate(w, members, n);
    }
    free(members);
}

static void walk_node(struct walk *w, const cJSON *node)
{
    if (w->is_duplicate || w->out_of_memory) {
        return;
    }
    if (cJSON_IsObject(node)) {
        walk_object(w, node);
        return;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        walk_node(w, item);
    }
}

static enum err_code check_duplicates(const char *name, const char *text, size_t len,
                                      const cJSON *root, struct err *e)
{
    struct walk w = {0};
    walk_node(&w, root);
    if (w.out_of_memory) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    }
    if (!w.is_duplicate) {
        return ERR_OK;
    }
    int line, column;
    json_find_key(text, len, w.duplicate.index, &line, &column);
    return err_set(e, ERR_PARSE, "%s:%d:%d: duplicate key \"%.80s\"", name, line, column,
                   w.duplicate.key);
}

enum err_code json_parse(const char *name, const char *text, size_t len, cJSON **out, struct err *e)
{
    if (len > INT_MAX) {
        return err_set(e, ERR_LIMIT, "%s: JSON of %zu bytes, at most %d are read", name, len,
                       INT_MAX);
    }
    enum err_code code = json_check(name, text, len, e);
    if (code) {
        return code;
    }
    cJSON *root = cJSON_ParseWithLength(text, len);
    if (!root) {
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    }
    code = check_duplicates(name, text, len, root, e);
    if (code) {
        cJSON_Delete(root);
        return code;
    }
    *out = root;
    return ERR_OK;
}

enum err_code json_load(const char *path, size_t max_bytes, cJSON **out, struct err *e)
{
    char *text;
    size_t len;
    enum err_code code = file_read(path, max_bytes, &text, &len, e);
    if (code) {
        return code;
    }
    code = json_parse(path, text, len, out, e);
    free(text);
    return code;
}
