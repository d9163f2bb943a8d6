/*
 * tz_file.c - reading compiled time zones: TZif, RFC 8536, versions 2 and later (64-bit times).
 *
 * Layout: a header and a data block with 32-bit times for readers of the eighties, then a header
 * and a block with 64-bit times, then a newline, a POSIX TZ string, a newline. The first block is
 * skipped.
 */
#include "tz_data.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define MAX_FILE_BYTES (256 * 1024)
#define HEADER_BYTES 44
#define TYPE_BYTES 6
#define MAX_OFFSET_S (26 * 3600) /* RFC 8536 advises -25..26 hours */

struct block {
    uint32_t n_isut, n_isstd, n_leap, n_times, n_types, n_chars;
    size_t time_bytes; /* 4 or 8 */
    const unsigned char *data;
    size_t data_len;
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* Reads a header at *at and checks that its block fits; moves *at behind the block. */
static bool read_block(const unsigned char *bytes, size_t len, size_t *at, size_t time_bytes,
                       struct block *b)
{
    const unsigned char *h = bytes + *at;
    uint64_t need;

    if (len - *at < HEADER_BYTES || memcmp(h, "TZif", 4) != 0 || h[4] < '2')
        return false;
    *b = (struct block){be32(h + 20), be32(h + 24),     be32(h + 28),
                        be32(h + 32), be32(h + 36),     be32(h + 40),
                        time_bytes,   h + HEADER_BYTES, 0};
    need = (uint64_t)b->n_times * (time_bytes + 1) + (uint64_t)b->n_types * TYPE_BYTES +
           b->n_chars + (uint64_t)b->n_leap * (time_bytes + 4) + b->n_isstd + b->n_isut;
    if (b->n_types == 0 || need > len - *at - HEADER_BYTES)
        return false;
    b->data_len = (size_t)need;
    *at += HEADER_BYTES + b->data_len;
    return true;
}

static bool type_offset(const struct block *b, unsigned index, int32_t *out)
{
    const unsigned char *types = b->data + (size_t)b->n_times * (b->time_bytes + 1);

    if (index >= b->n_types)
        return false;
    *out = (int32_t)be32(types + (size_t)index * TYPE_BYTES);
    return *out >= -MAX_OFFSET_S && *out <= MAX_OFFSET_S;
}

static bool read_transitions(const struct block *b, struct tz *tz)
{
    const unsigned char *index = b->data + (size_t)b->n_times * b->time_bytes;

    tz->n = b->n_times;
    for (size_t i = 0; i < tz->n; i++) {
        tz->at_s[i] = be64(b->data + i * 8);
        if ((i > 0 && tz->at_s[i] <= tz->at_s[i - 1]) || !type_offset(b, index[i], &tz->after_s[i]))
            return false;
    }
    return type_offset(b, 0, &tz->before_s);
}

static bool read_footer(const unsigned char *bytes, size_t len, size_t at, struct tz *tz)
{
    const char *text = (const char *)bytes + at + 1;
    const char *end;

    if (len - at < 2 || bytes[at] != '\n')
        return false;
    end = memchr(text, '\n', len - at - 1);
    if (end == NULL)
        return false;
    tz->has_rule = end > text;
    return !tz->has_rule || tz_rule_parse(text, (size_t)(end - text), &tz->rule);
}

static struct tz *tz_new(const char *name, size_t n)
{
    struct tz *tz = calloc(1, sizeof(*tz));

    if (tz == NULL)
        return NULL;
    snprintf(tz->name, sizeof(tz->name), "%s", name);
    tz->at_s = calloc(n + 1, sizeof(*tz->at_s));
    tz->after_s = calloc(n + 1, sizeof(*tz->after_s));
    if (tz->at_s != NULL && tz->after_s != NULL)
        return tz;
    tz_free(tz);
    return NULL;
}

enum err_code tz_parse(const char *name, const void *data, size_t len, struct tz **out,
                       struct err *e)
{
    const unsigned char *bytes = data;
    struct block old, b;
    size_t at = 0;
    struct tz *tz;

    if (!read_block(bytes, len, &at, 4, &old) || !read_block(bytes, len, &at, 8, &b))
        return err_set(e, ERR_PARSE, "time zone %s: not a TZif file of version 2 or later", name);
    tz = tz_new(name, b.n_times);
    if (tz == NULL)
        return err_set(e, ERR_NOMEM, "time zone %s: out of memory", name);
    if (!read_transitions(&b, tz) || !read_footer(bytes, len, at, tz)) {
        tz_free(tz);
        return err_set(e, ERR_PARSE, "time zone %s: transitions or footer are malformed", name);
    }
    *out = tz;
    return ERR_OK;
}

/* Letters, digits, _ + - and single slashes inside: nothing that could leave the folder. */
static bool is_zone_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n >= TZ_NAME_BYTES || !isalpha((unsigned char)name[0]) || name[n - 1] == '/')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("_+-/", name[i]) == NULL)
            return false;
    }
    return strstr(name, "//") == NULL;
}

enum err_code tz_load(const char *name, struct tz **out, struct err *e)
{
    char path[sizeof(ZONEINFO) + 1 + TZ_NAME_BYTES];
    char *bytes;
    size_t len;
    enum err_code code;

    if (!is_zone_name(name))
        return err_set(e, ERR_NOT_FOUND, "\"%s\" is not the name of a time zone", name);
    snprintf(path, sizeof(path), ZONEINFO "/%s", name);
    if (file_read(path, MAX_FILE_BYTES, &bytes, &len, e) != ERR_OK) {
        if (strcmp(name, "UTC") != 0)
            return err_set(e, ERR_NOT_FOUND, "no time zone \"%s\" in " ZONEINFO, name);
        *out = tz_new(name, 0);
        return *out != NULL ? ERR_OK : err_set(e, ERR_NOMEM, "time zone UTC: out of memory");
    }
    code = tz_parse(name, bytes, len, out, e);
    free(bytes);
    return code;
}
