/*
 * json_write.c - printing for people and machines, and the canonical form whose SHA-256 names a
 * schema or a policy: two texts that mean the same have the same hash.
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

static void write_array(struct buf *b, const cJSON *node)
{
    const cJSON *item;
    buf_puts(b, "[");
    cJSON_ArrayForEach(item, node)
    {
        if (item != node->child) {
            buf_puts(b, ",");
        }
        json_write_canonical(b, item);
    }
    buf_puts(b, "]");
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void write_object(struct buf *b, const cJSON *node)
{
    size_t n = (size_t)cJSON_GetArraySize(node), i = 0;
    const cJSON **members = calloc(n ? n : 1, sizeof(*members));
    if (!members) {
        b->failed = true;
        return;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        members[i++] = item;
    }
    qsort(members, n, sizeof(*members), by_key);
    buf_puts(b, "{");
    for (i = 0; i < n; i++) {
        buf_puts(b, i ? "," : "");
        json_write_string(b, members[i]->string);
        buf_puts(b, ":");
        json_write_canonical(b, members[i]);
    }
    buf_puts(b, "}");
    free(members);
}

void json_write_canonical(struct buf *b, const cJSON *node)
{
    if (cJSON_IsObject(node)) {
        write_object(b, node);
    } else if (cJSON_IsArray(node)) {
        write_array(b, node);
    } else if (cJSON_IsString(node)) {
        json_write_string(b, node->valuestring);
    } else if (cJSON_IsNumber(node)) {
        write_number(b, node->valuedouble);
    } else {
        buf_puts(b, cJSON_IsTrue(node) ? "true" : cJSON_IsFalse(node) ? "false" : "null");
    }
}

enum err_code json_hash(const cJSON *node, char hex[65], struct err *e)
{
    struct buf b = BUF_INIT;
    json_write_canonical(&b, node);
    if (buf_failed(&b)) {
        buf_free(&b);
        return err_set(e, ERR_NOMEM, "out of memory hashing JSON");
    }
    sha256_hex(b.data, b.len, hex);
    buf_free(&b);
    return ERR_OK;
}

char *json_print(const cJSON *node)
{
    return cJSON_PrintUnformatted(node);
}

char *json_print_pretty(const cJSON *node)
{
    return cJSON_Print(node);
}
