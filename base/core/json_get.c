/*
 * json_get.c - typed values by path, with errors that read
 * `candidate.weight: expected a number in 0..1, got "five"`.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/suggest.h"
#include "number.h"

/* One object key of at most 255 bytes, from p up to '.', '[' or the end. */
static const cJSON *child_by_key(const cJSON *node, const char *p, size_t len)
{
    char key[256];
    if (len == 0 || len >= sizeof key || !cJSON_IsObject(node)) {
        return NULL;
    }
    memcpy(key, p, len);
    key[len] = '\0';
    return cJSON_GetObjectItemCaseSensitive(node, key);
}

/* "[12]" at *p: the array item, and *p behind the bracket. */
static const cJSON *child_by_index(const cJSON *node, const char **p)
{
    char *end;
    if (!isdigit((unsigned char)(*p)[1])) {
        return NULL;
    }
    long index = strtol(*p + 1, &end, 10);
    if (*end != ']' || index > 1000000000 || !cJSON_IsArray(node)) {
        return NULL;
    }
    *p = end + 1;
    return cJSON_GetArrayItem(node, (int)index);
}

const cJSON *json_at(const cJSON *root, const char *path)
{
    const char *p = path ? path : "";
    while (root && *p) {
        if (*p == '[') {
            root = child_by_index(root, &p);
        } else {
            p += *p == '.' && p != path;
            size_t len = strcspn(p, ".[");
            root = child_by_key(root, p, len);
            p += len;
        }
    }
    return root;
}

/* A node as words for a message, into out. */
static const char *describe(const cJSON *node, char out[64])
{
    struct buf b = BUF_INIT;
    char number[NUMBER_BYTES];
    if (cJSON_IsString(node)) {
        bool is_long = strlen(node->valuestring) > 40;
        buf_printf(&b, "\"%.40s%s\"", node->valuestring, is_long ? "..." : "");
    } else if (cJSON_IsNumber(node)) {
        buf_puts(&b, number_format(node->valuedouble, number));
    } else {
        buf_puts(&b, !node                  ? "nothing"
                     : cJSON_IsTrue(node)   ? "true"
                     : cJSON_IsFalse(node)  ? "false"
                     : cJSON_IsNull(node)   ? "null"
                     : cJSON_IsArray(node)  ? "an array"
                     : cJSON_IsObject(node) ? "an object"
                                            : "something else");
    }
    size_t n = b.len < 63 ? b.len : 63;
    memcpy(out, b.data ? b.data : "", n);
    out[n] = '\0';
    buf_free(&b);
    return out;
}

static const char *place(const char *path)
{
    return path && *path ? path : "value";
}

static enum err_code mismatch(struct err *e, const char *path, const char *expected,
                              const cJSON *node)
{
    char got[64];
    return err_set(e, ERR_INVALID, "%s: expected %s, got %s", place(path), expected,
                   describe(node, got));
}

enum err_code json_get_string(const cJSON *root, const char *path, const char **out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    if (!cJSON_IsString(node)) {
        return mismatch(e, path, "a string", node);
    }
    *out = node->valuestring;
    return ERR_OK;
}

static enum err_code number_mismatch(struct err *e, const char *path, const char *what, double min,
                                     double max, const cJSON *node)
{
    char expected[128], low[NUMBER_BYTES], high[NUMBER_BYTES];
    if (fabs(min) >= 0x1p53 && fabs(max) >= 0x1p53) { /* no bound that a person chose */
        return mismatch(e, path, what, node);
    }
    snprintf(expected, sizeof expected, "%s in %s..%s", what, number_format(min, low),
             number_format(max, high));
    return mismatch(e, path, expected, node);
}

enum err_code json_get_double(const cJSON *root, const char *path, double min, double max,
                              double *out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    if (!cJSON_IsNumber(node) || !isfinite(node->valuedouble) || node->valuedouble < min ||
        node->valuedouble > max) {
        return number_mismatch(e, path, "a number", min, max, node);
    }
    *out = node->valuedouble;
    return ERR_OK;
}

enum err_code json_get_int(const cJSON *root, const char *path, int64_t min, int64_t max,
                           int64_t *out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    double x = cJSON_IsNumber(node) ? node->valuedouble : NAN;
    if (!(fabs(x) <= 0x1p53) || x != floor(x) || (int64_t)x < min || (int64_t)x > max) {
        return number_mismatch(e, path, "a whole number", (double)min, (double)max, node);
    }
    *out = (int64_t)x;
    return ERR_OK;
}

enum err_code json_get_bool(const cJSON *root, const char *path, bool *out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    if (!cJSON_IsBool(node)) {
        return mismatch(e, path, "true or false", node);
    }
    *out = cJSON_IsTrue(node);
    return ERR_OK;
}

enum err_code json_get_array(const cJSON *root, const char *path, const cJSON **out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    if (!cJSON_IsArray(node)) {
        return mismatch(e, path, "an array", node);
    }
    *out = node;
    return ERR_OK;
}

enum err_code json_get_object(const cJSON *root, const char *path, const cJSON **out, struct err *e)
{
    const cJSON *node = json_at(root, path);
    if (!cJSON_IsObject(node)) {
        return mismatch(e, path, "an object", node);
    }
    *out = node;
    return ERR_OK;
}

static bool is_absent(const cJSON *root, const char *path)
{
    const cJSON *node = json_at(root, path);
    return !node || cJSON_IsNull(node);
}

enum err_code json_opt_string(const cJSON *root, const char *path, const char **out, struct err *e)
{
    return is_absent(root, path) ? ERR_OK : json_get_string(root, path, out, e);
}

enum err_code json_opt_double(const cJSON *root, const char *path, double min, double max,
                              double *out, struct err *e)
{
    return is_absent(root, path) ? ERR_OK : json_get_double(root, path, min, max, out, e);
}

enum err_code json_opt_int(const cJSON *root, const char *path, int64_t min, int64_t max,
                           int64_t *out, struct err *e)
{
    return is_absent(root, path) ? ERR_OK : json_get_int(root, path, min, max, out, e);
}

enum err_code json_opt_bool(const cJSON *root, const char *path, bool *out, struct err *e)
{
    return is_absent(root, path) ? ERR_OK : json_get_bool(root, path, out, e);
}

static enum err_code unknown_key(struct err *e, const char *path, const char *key,
                                 const char *const *allowed)
{
    struct suggest s = suggest_start(key);
    for (; *allowed; allowed++) {
        suggest_add(&s, *allowed);
    }
    const char *near = suggest_best(&s);
    return err_set(e, ERR_INVALID, "%s: unknown key \"%.80s\"%s%s%s", place(path), key,
                   near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

enum err_code json_only_keys(const cJSON *root, const char *path, const char *const *allowed,
                             struct err *e)
{
    const cJSON *object, *item;
    enum err_code code = json_get_object(root, path, &object, e);
    if (code) {
        return code;
    }
    cJSON_ArrayForEach(item, object)
    {
        size_t i = 0;
        while (allowed[i] && strcmp(allowed[i], item->string) != 0) {
            i++;
        }
        if (!allowed[i]) {
            return unknown_key(e, path, item->string, allowed);
        }
    }
    return ERR_OK;
}
