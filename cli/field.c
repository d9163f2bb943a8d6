/*
 * field.c - see field.h.
 */
#include "field.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

const char *field_text(const cJSON *node, const char *path)
{
    const cJSON *at = node ? json_at(node, path) : NULL;
    return cJSON_IsString(at) ? at->valuestring : "";
}

double field_number(const cJSON *node, const char *path)
{
    const cJSON *at = node ? json_at(node, path) : NULL;
    return cJSON_IsNumber(at) ? at->valuedouble : NAN;
}

int64_t field_int(const cJSON *node, const char *path)
{
    double value = field_number(node, path);
    return fabs(value) < 9e15 ? (int64_t)value : 0; /* false for NaN */
}

bool field_bool(const cJSON *node, const char *path)
{
    return node && cJSON_IsTrue(json_at(node, path));
}

char *field_show_number(const cJSON *node, const char *path, char out[FIELD_BYTES])
{
    double value = field_number(node, path);
    if (isnan(value))
        snprintf(out, FIELD_BYTES, "-");
    else if (value == floor(value) && fabs(value) < 1e15)
        snprintf(out, FIELD_BYTES, "%.0f", value);
    else
        snprintf(out, FIELD_BYTES, "%.4g", value);
    return out;
}

char *field_show_time(const cJSON *node, const char *path, char out[FIELD_BYTES])
{
    char utc[CLOCK_TEXT_BYTES];
    int64_t at = field_int(node, path);
    if (at <= 0) {
        snprintf(out, FIELD_BYTES, "-");
        return out;
    }
    clock_format_utc(at, utc, sizeof(utc));
    snprintf(out, FIELD_BYTES, "%.10s %.8sZ", utc, utc + 11);
    return out;
}

char *field_show_ago(const cJSON *node, const char *path, int64_t now_unix_ms,
                     char out[FIELD_BYTES])
{
    static const struct {
        int64_t ms;
        const char *letter;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    int64_t at = field_int(node, path), age = now_unix_ms > at ? now_unix_ms - at : 0;
    snprintf(out, FIELD_BYTES, at > 0 ? "now" : "-");
    for (size_t i = 0; at > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (age < units[i].ms)
            continue;
        snprintf(out, FIELD_BYTES, "%lld%s ago", (long long)(age / units[i].ms), units[i].letter);
        break;
    }
    return out;
}

/* ---- flattening ---- */

struct flat {
    struct buf *out;
    int n_words, max_words;
};

static void put_word(struct flat *f, const char *path, const char *value, bool quoted)
{
    if (f->n_words++ >= f->max_words)
        return;
    const char *quote = quoted && strchr(value, ' ') ? "\"" : "";
    buf_printf(f->out, "%s%s=%s%s%s", f->out->len ? " " : "", path, quote, value, quote);
}

static void put_leaf(struct flat *f, const char *path, const cJSON *node)
{
    char number[FIELD_BYTES];
    if (cJSON_IsString(node) && node->valuestring[0])
        put_word(f, path, node->valuestring, true);
    else if (cJSON_IsNumber(node))
        put_word(f, path, field_show_number(node, NULL, number), false);
    else if (cJSON_IsBool(node))
        put_word(f, path, cJSON_IsTrue(node) ? "yes" : "no", false);
}

static void flatten(struct flat *f, const char *path, const cJSON *node)
{
    char below[256];
    const cJSON *child = NULL;
    int i = 0;
    if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
        put_leaf(f, path, node);
        return;
    }
    cJSON_ArrayForEach(child, node)
    {
        if (cJSON_IsArray(node))
            snprintf(below, sizeof(below), "%s[%d]", path, i++);
        else
            snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "", child->string);
        flatten(f, below, child);
    }
}

void field_flatten(const cJSON *node, int max_words, struct buf *out)
{
    struct flat f = {.out = out, .max_words = max_words};
    flatten(&f, "", node);
    if (f.n_words > max_words)
        buf_printf(out, " (%d more: --json)", f.n_words - max_words);
}
