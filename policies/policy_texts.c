/*
 * policy_texts.c - texts, words, switches and points in time in a policy file: what is one, how it
 * is written back, what the schema says.
 */
#include "policy_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(enum policy_metric) == sizeof(int), "enums are read and written as int");

/* ---- texts ---- */

static bool is_name_char(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '.' || c == '-';
}

static bool read_text(const struct key *k, const char *text, bool plain, void *dest)
{
    size_t len = strlen(text);

    (void)plain;
    if (len == 0 || (double)len > k->max)
        return false;
    memcpy(dest, text, len + 1);
    return true;
}

static bool read_name(const struct key *k, const char *text, bool plain, void *dest)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!is_name_char((unsigned char)*c))
            return false;
    }
    return read_text(k, text, plain, dest);
}

static bool read_url(const struct key *k, const char *text, bool plain, void *dest)
{
    const char *host = strstr(text, "://");

    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return false;
    if (strpbrk(text, " \t\r\n\"<>") != NULL || strspn(host + 3, "/:?#") > 0 || host[3] == '\0')
        return false;
    return read_text(k, text, plain, dest);
}

static void expect_text(const struct key *k, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "a text of 1..%.0f bytes", k->max);
}

static void expect_name(const struct key *k, char *out, size_t size_bytes)
{
    snprintf(out, size_bytes, "a name of 1..%.0f letters, digits, '_', '.' or '-'", k->max);
}

static void expect_url(const struct key *k, char *out, size_t size_bytes)
{
    (void)k;
    snprintf(out, size_bytes, "an address such as https://host/path");
}

static cJSON *write_text(const struct key *k, const void *value)
{
    (void)k;
    return cJSON_CreateString(value);
}

static cJSON *schema_text(const struct key *k)
{
    cJSON *s = k->kind == KEY_NAME  ? key_schema_pattern("^[A-Za-z0-9_.-]+$")
               : k->kind == KEY_URL ? key_schema_pattern("^https?://")
                                    : key_schema_type("string");

    cJSON_AddNumberToObject(s, "minLength", 1);
    cJSON_AddNumberToObject(s, "maxLength", k->max);
    return s;
}

/* ---- bool ---- */

static bool read_bool(const struct key *k, const char *text, bool plain, void *dest)
{
    bool value = strcmp(text, "true") == 0;

    (void)k;
    if (!plain || (!value && strcmp(text, "false") != 0))
        return false;
    memcpy(dest, &value, sizeof(value));
    return true;
}

static void expect_bool(const struct key *k, char *out, size_t size_bytes)
{
    (void)k;
    snprintf(out, size_bytes, "true or false");
}

static cJSON *write_bool(const struct key *k, const void *value)
{
    (void)k;
    return cJSON_CreateBool(*(const bool *)value);
}

static cJSON *schema_bool(const struct key *k)
{
    (void)k;
    return key_schema_type("boolean");
}

/* ---- words ---- */

int key_enum_value(const void *at)
{
    int value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static bool is_allowed(uint32_t allowed, size_t i)
{
    return allowed == 0 || (allowed >> i & 1) != 0;
}

static bool read_enum(const struct key *k, const char *text, bool plain, void *dest)
{
    (void)plain;
    for (size_t i = 0; i < k->words->n; i++) {
        int value = (int)i;

        if (is_allowed(k->allowed, i) && strcmp(text, k->words->items[i]) == 0) {
            memcpy(dest, &value, sizeof(value));
            return true;
        }
    }
    return false;
}

void key_expect_words(const struct words *w, uint32_t allowed, char *out, size_t size_bytes)
{
    size_t used = 0, shown = 0;

    for (size_t i = 0; i < w->n; i++)
        shown += is_allowed(allowed, i);
    used = (size_t)snprintf(out, size_bytes, "%s", shown > 1 ? "one of " : "");
    shown = 0;
    for (size_t i = 0; i < w->n && used < size_bytes; i++) {
        if (!is_allowed(allowed, i))
            continue;
        used += (size_t)snprintf(out + used, size_bytes - used, "%s\"%s\"", shown > 0 ? ", " : "",
                                 w->items[i]);
        shown++;
    }
}

static void expect_enum(const struct key *k, char *out, size_t size_bytes)
{
    key_expect_words(k->words, k->allowed, out, size_bytes);
}

static cJSON *write_enum(const struct key *k, const void *value)
{
    return cJSON_CreateString(k->words->items[key_enum_value(value)]);
}

static cJSON *schema_enum(const struct key *k)
{
    cJSON *s = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(s, "enum");

    for (size_t i = 0; i < k->words->n; i++) {
        if (is_allowed(k->allowed, i))
            cJSON_AddItemToArray(list, cJSON_CreateString(k->words->items[i]));
    }
    return s;
}

/* ---- time ---- */

static bool read_cron(const struct key *k, const char *text, bool plain, void *dest)
{
    struct policy_cron *c = dest;
    size_t len = strlen(text);

    (void)k;
    (void)plain;
    if (len >= sizeof(c->text) || cron_parse(text, &c->times, NULL) != ERR_OK)
        return false;
    memcpy(c->text, text, len + 1);
    return true;
}

static bool read_zone(const struct key *k, const char *text, bool plain, void *dest)
{
    struct time_zone_ref *zone = dest;
    struct tz *tz;

    (void)k;
    (void)plain;
    if (tz_load(text, &tz, NULL) != ERR_OK)
        return false;
    tz_free(zone->tz); /* the fallback's, where there was one */
    zone->tz = tz;
    snprintf(zone->name, sizeof(zone->name), "%s", text);
    return true;
}

static bool read_clock(const struct key *k, const char *text, bool plain, void *dest)
{
    (void)k;
    (void)plain;
    return time_of_day_parse(text, dest, NULL) == ERR_OK;
}

static void expect_cron(const struct key *k, char *out, size_t size_bytes)
{
    (void)k;
    snprintf(out, size_bytes, "five fields: minute hour day-of-month month day-of-week");
}

static void expect_zone(const struct key *k, char *out, size_t size_bytes)
{
    (void)k;
    snprintf(out, size_bytes, "an IANA time zone that this host knows, such as Europe/Berlin");
}

static void expect_clock(const struct key *k, char *out, size_t size_bytes)
{
    (void)k;
    snprintf(out, size_bytes, "a time of day 00:00..24:00, as \"09:30\"");
}

static cJSON *write_cron(const struct key *k, const void *value)
{
    (void)k;
    return cJSON_CreateString(((const struct policy_cron *)value)->text);
}

static cJSON *write_zone(const struct key *k, const void *value)
{
    (void)k;
    return cJSON_CreateString(((const struct time_zone_ref *)value)->name);
}

static cJSON *write_clock(const struct key *k, const void *value)
{
    int minute = key_enum_value(value);
    char text[16];

    (void)k;
    snprintf(text, sizeof(text), "%02d:%02d", minute / 60, minute % 60);
    return cJSON_CreateString(text);
}

static cJSON *schema_string(const struct key *k)
{
    (void)k;
    return key_schema_type("string");
}

static cJSON *schema_clock(const struct key *k)
{
    (void)k;
    return key_schema_pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$");
}

const struct key_type key_type_text = {read_text, NULL, expect_text, write_text, schema_text};
const struct key_type key_type_name = {read_name, NULL, expect_name, write_text, schema_text};
const struct key_type key_type_url = {read_url, NULL, expect_url, write_text, schema_text};
const struct key_type key_type_bool = {read_bool, NULL, expect_bool, write_bool, schema_bool};
const struct key_type key_type_enum = {read_enum, NULL, expect_enum, write_enum, schema_enum};
const struct key_type key_type_cron = {read_cron, NULL, expect_cron, write_cron, schema_string};
const struct key_type key_type_zone = {read_zone, NULL, expect_zone, write_zone, schema_string};
const struct key_type key_type_clock = {read_clock, NULL, expect_clock, write_clock, schema_clock};
