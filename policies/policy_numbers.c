/*
 * policy_numbers.c - numbers, shares, times and sizes in a policy file: what text is one, how it is
 * written back, what the schema says.
 */
#include "policy_table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MS_PER_DAY 86400000
#define PERCENT_PATTERN "^-?[0-9]+(\\.[0-9]+)?%$"

static bool within(const struct key *k, double value)
{
    return (k->min == 0 && k->max == 0) || (value >= k->min && value <= k->max);
}

static bool is_off(const struct key *k, const char *text)
{
    return k->off != NULL && strcmp(text, k->off) == 0;
}

/* " or \"off\"" */
static const char *or_off(const struct key *k, char *out, size_t size_bytes)
{
    out[0] = '\0';
    if (k->off != NULL)
        snprintf(out, size_bytes, " or \"%s\"", k->off);
    return out;
}

/* {"anyOf": [schema, {"const": off}]}, or the schema itself where there is no such word. */
static cJSON *with_off(const struct key *k, cJSON *schema)
{
    cJSON *any, *list, *word;

    if (k->off == NULL)
        return schema;
    any = cJSON_CreateObject();
    list = cJSON_AddArrayToObject(any, "anyOf");
    word = cJSON_CreateObject();
    cJSON_AddStringToObject(word, "const", k->off);
    cJSON_AddItemToArray(list, schema);
    cJSON_AddItemToArray(list, word);
    return any;
}

static cJSON *schema_of_number(const struct key *k, const char *type)
{
    cJSON *s = key_schema_type(type);

    if (k->min != 0 || k->max != 0) {
        cJSON_AddNumberToObject(s, "minimum", k->min);
        cJSON_AddNumberToObject(s, "maximum", k->max);
    }
    return s;
}

/* A decimal number and nothing else: no hex, no inf, no nan. */
static bool parse_double(const char *text, double *out)
{
    char *end;

    if (strspn(text, "0123456789+-.eE") != strlen(text) || text[0] == '\0')
        return false;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

static bool parse_int(const char *text, int64_t *out)
{
    char *end;

    if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1])))
        return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

/* ---- whole numbers, times, sizes: int64_t, 0 where switched off ---- */

static bool store_int(const struct key *k, int64_t value, void *dest)
{
    if (!within(k, (double)value))
        return false;
    memcpy(dest, &value, sizeof(value));
    return true;
}

static bool store_off(void *dest)
{
    memset(dest, 0, sizeof(int64_t));
    return true;
}

static bool read_int(const struct key *k, const char *text, bool plain, void *dest)
{
    int64_t value;

    if (is_off(k, text))
        return store_off(dest);
    return plain && parse_int(text, &value) && store_int(k, value, dest);
}

static bool read_duration(const struct key *k, const char *text, bool plain, void *dest)
{
    int64_t ms;

    (void)plain;
    if (is_off(k, text))
        return store_off(dest);
    return clock_parse_duration(text, &ms) && store_int(k, ms, dest);
}

static bool read_size(const struct key *k, const char *text, bool plain, void *dest)
{
    static const char units[] = "KMGT";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text[digits] != '\0' ? strchr(units, text[digits]) : NULL;
    char number[16];
    int64_t value;

    (void)plain;
    if (digits == 0 || digits >= sizeof(number) || (text[digits] != '\0' && unit == NULL) ||
        (unit != NULL && text[digits + 1] != '\0'))
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)digits, text);
    value = strtoll(number, NULL, 10);
    for (const char *u = units; unit != NULL && u <= unit; u++) {
        if (value > INT64_MAX / 1024)
            return false;
        value *= 1024;
    }
    return store_int(k, value, dest);
}

/* A span in its largest exact unit, as the file would have it: 5400000 -> "90m". */
static char *format_exact(int64_t ms, char *out, size_t size_bytes)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{MS_PER_DAY, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = ms == 0 ? 3 : 0; /* nothing is 0s */

    while (ms % units[i].ms != 0)
        i++;
    snprintf(out, size_bytes, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
    return out;
}

static void expect_int(const struct key *k, char *out, size_t size_bytes)
{
    char off[48];

    if (k->min == k->max)
        snprintf(out, size_bytes, "%.0f", k->min);
    else
        snprintf(out, size_bytes, "a whole number %.0f..%.0f%s", k->min, k->max,
                 or_off(k, off, sizeof(off)));
}

static void expect_duration(const struct key *k, char *out, size_t size_bytes)
{
    char off[48], low[32], high[32];

    snprintf(out, size_bytes, "a duration %s..%s such as 90s, 15m, 6h or 30d%s",
             format_exact((int64_t)k->min, low, sizeof(low)),
             format_exact((int64_t)k->max, high, sizeof(high)), or_off(k, off, sizeof(off)));
}

static void expect_size(const struct key *k, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "a size of at least %.0fM, such as 512M or 4G", k->min / 1048576);
}

static cJSON *write_int(const struct key *k, const void *value)
{
    int64_t v = *(const int64_t *)value;

    if (v == 0 && k->off != NULL)
        return cJSON_CreateString(k->off);
    return cJSON_CreateNumber((double)v);
}

static cJSON *write_duration(const struct key *k, const void *value)
{
    int64_t ms = *(const int64_t *)value;
    char text[32];

    if (ms == 0 && k->off != NULL)
        return cJSON_CreateString(k->off);
    return cJSON_CreateString(format_exact(ms, text, sizeof(text)));
}

static cJSON *write_size(const struct key *k, const void *value)
{
    (void)k;
    return cJSON_CreateNumber((double)*(const int64_t *)value);
}

static cJSON *schema_int(const struct key *k)
{
    return with_off(k, schema_of_number(k, "integer"));
}

static cJSON *schema_duration(const struct key *k)
{
    return with_off(k, key_schema_pattern("^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w)$"));
}

static cJSON *schema_size(const struct key *k)
{
    cJSON *any = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(any, "anyOf");

    cJSON_AddItemToArray(list, schema_of_number(k, "integer"));
    cJSON_AddItemToArray(list, key_schema_pattern("^[0-9]+[KMGT]?$"));
    return any;
}

/* ---- doubles: NaN where switched off ---- */

static bool store_double(const struct key *k, double value, void *dest)
{
    if (!isnan(value) && !within(k, value))
        return false;
    memcpy(dest, &value, sizeof(value));
    return true;
}

static bool read_number(const struct key *k, const char *text, bool plain, void *dest)
{
    double value;

    if (is_off(k, text))
        return store_double(k, NAN, dest);
    return plain && parse_double(text, &value) && store_double(k, value, dest);
}

/* "99.9%" is the double nearest to 0.999, which 99.9 / 100 is not. */
static bool parse_percent(const char *text, double *out)
{
    char shifted[40];
    size_t len = strlen(text);

    if (len < 2 || len > 32 || text[len - 1] != '%' || strchr("0123456789.", text[len - 2]) == NULL)
        return false;
    snprintf(shifted, sizeof(shifted), "%.*se-2", (int)(len - 1), text);
    return parse_double(shifted, out);
}

static bool read_share(const struct key *k, const char *text, bool plain, void *dest)
{
    double value;

    if (is_off(k, text))
        return store_double(k, NAN, dest);
    if (parse_percent(text, &value))
        return store_double(k, value, dest);
    return plain && parse_double(text, &value) && store_double(k, value, dest);
}

static void expect_number(const struct key *k, char *out, size_t size_bytes)
{
    char off[48];

    snprintf(out, size_bytes, "a number %g..%g%s", k->min, k->max, or_off(k, off, sizeof(off)));
}

static void expect_share(const struct key *k, char *out, size_t size_bytes)
{
    char off[48];

    snprintf(out, size_bytes, "a share %g..%g or a percentage such as 5%%%s", k->min, k->max,
             or_off(k, off, sizeof(off)));
}

static cJSON *write_double(const struct key *k, const void *value)
{
    double v = *(const double *)value;

    return isnan(v) ? cJSON_CreateString(k->off) : cJSON_CreateNumber(v);
}

static cJSON *schema_number(const struct key *k)
{
    return with_off(k, schema_of_number(k, "number"));
}

static cJSON *schema_share(const struct key *k)
{
    cJSON *any = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(any, "anyOf");

    cJSON_AddItemToArray(list, schema_of_number(k, "number"));
    cJSON_AddItemToArray(list, key_schema_pattern(PERCENT_PATTERN));
    return with_off(k, any);
}

const struct key_type key_type_int = {read_int, NULL, expect_int, write_int, schema_int};
const struct key_type key_type_number = {read_number, NULL, expect_number, write_double,
                                         schema_number};
const struct key_type key_type_share = {read_share, NULL, expect_share, write_double, schema_share};
const struct key_type key_type_duration = {read_duration, NULL, expect_duration, write_duration,
                                           schema_duration};
const struct key_type key_type_size = {read_size, NULL, expect_size, write_size, schema_size};
