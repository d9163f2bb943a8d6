/*
 * json_write.c - one writer for machines, people and hashes. In the canonical form two texts that
 * mean the same are the same, so that its SHA-256 can name a schema or a policy.
 */
#include "json_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sha256.h"
#include "number.h"

void json_write_string(struct buf *b, const char *text)
{
    buf_puts(b, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            buf_append(b, (char[]){'\\', (char)c}, 2);
        } else if (c < 0x20) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_append(b, text, 1);
        }
    }
    buf_puts(b, "\"");
}

static void write_number(struct buf *b, double value)
{
    char text[NUMBER_BYTES];
    if (!isfinite(value)) {
        buf_puts(b, "null"); /* JSON has no word for it; cJSON prints the same */
    } else if (value == floor(value) && fabs(value) <= 0x1p53) {
        buf_printf(b, "%.0f", value + 0.0); /* + 0.0: -0 and 0 are one number */
    } else {
        buf_puts(b, number_format(value, text));
    }
}

struct writer {
    struct buf *b;
    enum json_layout layout;
    int depth;
};

static void write_node(struct writer *w, const cJSON *node);

static void line_break(struct writer *w)
{
    if (w->layout == JSON_PRETTY) {
        buf_printf(w->b, "\n%*s", 2 * w->depth, "");
    }
}

static void write_member(struct writer *w, const cJSON *item, bool is_first)
{
    buf_puts(w->b, is_first ? "" : ",");
    line_break(w);
    if (item->string) {
        json_write_string(w->b, item->string);
        buf_puts(w->b, w->layout == JSON_PRETTY ? ": " : ":");
    }
    write_node(w, item);
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void write_sorted(struct writer *w, const cJSON *node)
{
    size_t n = (size_t)cJSON_GetArraySize(node), i = 0;
    const cJSON **members = calloc(n ? n : 1, sizeof(*members));
    if (!members) {
        w->b->failed = true;
        return;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        members[i++] = item;
    }
    qsort(members, n, sizeof(*members), by_key);
    for (i = 0; i < n; i++) {
        write_member(w, members[i], i == 0);
    }
    free(members);
}

static void write_collection(struct writer *w, const cJSON *node, const char *open,
                             const char *close)
{
    buf_puts(w->b, open);
    w->depth++;
    if (w->layout == JSON_CANONICAL && cJSON_IsObject(node)) {
        write_sorted(w, node);
    } else {
        const cJSON *item;
        cJSON_ArrayForEach(item, node)
        {
            write_member(w, item, item == node->child);
        }
    }
    w->depth--;
    if (node->child) {
        line_break(w);
    }
    buf_puts(w->b, close);
}

static void write_node(struct writer *w, const cJSON *node)
{
    if (cJSON_IsObject(node)) {
        write_collection(w, node, "{", "}");
    } else if (cJSON_IsArray(node)) {
        write_collection(w, node, "[", "]");
    } else if (cJSON_IsString(node)) {
        json_write_string(w->b, node->valuestring);
    } else if (cJSON_IsNumber(node)) {
        write_number(w->b, node->valuedouble);
    } else if (cJSON_IsRaw(node)) {
        buf_puts(w->b, node->valuestring);
    } else {
        buf_puts(w->b, cJSON_IsTrue(node) ? "true" : cJSON_IsFalse(node) ? "false" : "null");
    }
}

void json_write(struct buf *b, const cJSON *node, enum json_layout layout)
{
    struct writer w = {.b = b, .layout = layout};
    write_node(&w, node);
}

enum err_code json_hash(const cJSON *node, char hex[65], struct err *e)
{
    struct buf b = BUF_INIT;
    json_write(&b, node, JSON_CANONICAL);
    if (buf_failed(&b)) {
        buf_free(&b);
        return err_set(e, ERR_NOMEM, "out of memory hashing JSON");
    }
    sha256_hex(b.data, b.len, hex);
    buf_free(&b);
    return ERR_OK;
}

static char *print(const cJSON *node, enum json_layout layout)
{
    struct buf b = BUF_INIT;
    json_write(&b, node, layout);
    return buf_take(&b, NULL);
}

char *json_print(const cJSON *node)
{
    return print(node, JSON_COMPACT);
}

char *json_print_pretty(const cJSON *node)
{
    return print(node, JSON_PRETTY);
}
