/*
 * csv_column.c - see base/csv_column.h.
 */
#include "base/csv_column.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/csv.h"

#define SLOTS 4096 /* a power of two, four times COLUMN_MAX_DISTINCT */
#define SKEWED 4.0
#define LARGE 20.0 /* log1p hardly bends what is smaller */
#define MOSTLY 0.9 /* share of values that makes a kind */
#define MOSTLY_NUMBERS 0.95

bool csv_stats_init(struct csv_stats *s)
{
    *s = (struct csv_stats){0};
    s->distinct = calloc(SLOTS, sizeof(*s->distinct));
    return s->distinct != NULL;
}

void csv_stats_clean_up(struct csv_stats *s)
{
    for (size_t i = 0; s->distinct && i < SLOTS; i++)
        free(s->distinct[i]);
    free(s->distinct);
    s->distinct = NULL;
}

/* ---- counting ---- */

/* FNV-1a: the set is small and the values are not hostile to anybody but their owner. */
static size_t hash(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)h;
}

static bool add_distinct(struct csv_stats *s, const char *field, bool is_number)
{
    size_t i = hash(field) % SLOTS;
    while (s->distinct[i] && strcmp(s->distinct[i], field) != 0)
        i = (i + 1) % SLOTS;
    if (s->distinct[i] || s->n_distinct > COLUMN_MAX_DISTINCT)
        return true;
    s->distinct[i] = strdup(field);
    s->n_distinct++;
    s->n_distinct_others += !is_number;
    return s->distinct[i] != NULL;
}

static void add_number(struct csv_stats *s, double x)
{
    double n = (double)++s->n_numbers, delta = x - s->mean, step = delta / n;
    double term = delta * step * (n - 1);
    s->m3 += term * step * (n - 2) - 3 * step * s->m2;
    s->m2 += term;
    s->mean += step;
    s->n_whole += x == floor(x);
    s->n_falls += n > 1 && x < s->last;
    s->min = n == 1 || x < s->min ? x : s->min;
    s->max = n == 1 || x > s->max ? x : s->max;
    s->last = x;
}

/* "2026-01-02", "2026-01-02 03:04", "02/01/2026" and the like: digits and separators of a date. */
static bool looks_like_date(const char *field)
{
    size_t digits = 0, separators = 0;
    for (const char *p = field; *p; p++) {
        if (isdigit((unsigned char)*p))
            digits++;
        else if (strchr("-/.", *p))
            separators++;
        else if (!strchr(": TZ", *p))
            return false;
    }
    return digits >= 6 && separators == 2;
}

/* "1,5" and "-1.234,56": a number where the comma is the decimal point. */
static bool looks_like_comma_number(const char *field)
{
    const char *comma = strchr(field, ',');
    size_t before = strspn(field + (*field == '-'), "0123456789.");
    return comma && before > 0 && field + (*field == '-') + before == comma && comma[1] &&
           strspn(comma + 1, "0123456789") == strlen(comma + 1);
}

static void add_text(struct csv_stats *s, const char *field)
{
    int64_t at = 0;
    s->n_comma_numbers += looks_like_comma_number(field);
    bool is_time = time_text_parse(field, TIME_ISO8601, &at);
    s->n_times += is_time;
    s->n_dates += is_time || looks_like_date(field);
}

bool csv_stats_add(struct csv_stats *s, const char *field)
{
    double x = NAN;
    s->n_rows++;
    if (csv_is_missing(field)) {
        s->n_missing++;
        return true;
    }
    bool is_number = csv_number(field, &x) && isfinite(x);
    if (is_number)
        add_number(s, x);
    else if (csv_infinity(field, &x))
        s->n_infinite++;
    else
        add_text(s, field);
    return add_distinct(s, field, is_number);
}

double csv_stats_skewness(const struct csv_stats *s)
{
    double n = (double)s->n_numbers;
    if (s->n_numbers < 3 || s->m2 <= 0)
        return 0;
    return sqrt(n) * s->m3 / pow(s->m2, 1.5);
}

static int compare_numbers(const void *a, const void *b)
{
    double x = strtod(*(char *const *)a, NULL), y = strtod(*(char *const *)b, NULL);
    return (x > y) - (x < y);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t csv_stats_sorted(const struct csv_stats *s, char ***out)
{
    size_t n = 0;
    bool numbers = s->n_numbers == s->n_rows - s->n_missing;
    char **list = calloc(s->n_distinct + 1, sizeof(*list));
    for (size_t i = 0; list && i < SLOTS; i++)
        if (s->distinct[i])
            list[n++] = s->distinct[i];
    if (list)
        qsort(list, n, sizeof(*list), numbers ? compare_numbers : compare_texts);
    *out = list;
    return n;
}

/* ---- judging ---- */

/* Names that say "about a person". A hint for the reader, who decides. */
static bool sounds_personal(const char *name)
{
    static const char *const words[] = {"email",      "e_mail",    "phone",   "ssn",
                                        "first_name", "last_name", "surname", "birth_date",
                                        "address",    "passport",  "iban",    "full_name"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

/* Numbers that rise from row to row, in seconds or milliseconds of this century. */
static bool is_clock(const struct csv_stats *s, enum time_format *format)
{
    const double from_s = 978307200, to_s = 4102444800; /* 2001 to 2100 */
    *format = s->min >= from_s * 1000 ? TIME_UNIX_MS : TIME_UNIX;
    double unit = *format == TIME_UNIX_MS ? 1000 : 1;
    return s->min >= from_s * unit && s->max <= to_s * unit;
}

static struct column_verdict judge_numbers(const struct csv_stats *s)
{
    struct column_verdict v = {.guess = COLUMN_NUMERIC};
    int64_t n = s->n_numbers;
    double skew = csv_stats_skewness(s);
    bool whole = s->n_whole == n, many = s->n_distinct > COLUMN_MAX_DISTINCT;
    if (s->n_distinct > 20 && s->n_falls <= n / 1000) {
        v.guess = COLUMN_LEFT_OUT;
        v.is_time = is_clock(s, &v.time_format);
        snprintf(v.reason, sizeof(v.reason),
                 "numbers that hardly ever fall from row to row: a clock or a counter, and every "
                 "new row lies beyond what was learnt");
    } else if (s->n_distinct == 1) {
        snprintf(v.reason, sizeof(v.reason), "numbers, though always %g in these rows", s->min);
    } else if (whole && s->n_distinct > 2 && s->n_distinct <= COLUMN_MAX_CODES) {
        v.guess = COLUMN_CATEGORICAL;
        snprintf(v.reason, sizeof(v.reason),
                 "%zu distinct whole numbers in %g..%g: codes, it seems; make it numeric if they "
                 "are amounts",
                 s->n_distinct, s->min, s->max);
    } else {
        v.log1p = s->min >= 0 && s->max > LARGE && skew > SKEWED;
        snprintf(v.reason, sizeof(v.reason), "%s%zu distinct numbers in %g..%g%s",
                 many ? "over " : "", many ? (size_t)COLUMN_MAX_DISTINCT : s->n_distinct, s->min,
                 s->max, v.log1p ? ", with a long tail: log1p" : "");
    }
    return v;
}

static struct column_verdict judge_texts(const struct csv_stats *s)
{
    struct column_verdict v = {.guess = COLUMN_CATEGORICAL};
    int64_t n = s->n_rows - s->n_missing, n_texts = n - s->n_numbers;
    bool many = s->n_distinct > COLUMN_MAX_DISTINCT;
    if (s->n_dates > (int64_t)(MOSTLY * (double)n_texts) && s->n_numbers == 0) {
        v.guess = COLUMN_LEFT_OUT;
        v.is_time = s->n_times == n_texts;
        v.time_format = TIME_ISO8601;
        snprintf(v.reason, sizeof(v.reason),
                 "dates: derive numbers from them (age, hour of day) "
                 "before they come here");
    } else if (many && s->n_comma_numbers > (int64_t)(MOSTLY * (double)n_texts)) {
        v.guess = COLUMN_LEFT_OUT;
        snprintf(v.reason, sizeof(v.reason),
                 "numbers with a decimal comma, it seems: write 1.5 instead of 1,5");
    } else if (many || (n > 20 && (double)s->n_distinct > MOSTLY * (double)n)) {
        v.guess = COLUMN_LEFT_OUT;
        snprintf(v.reason, sizeof(v.reason),
                 "%s%zu distinct texts in %lld rows: an identifier or free text, not a category",
                 many ? "over " : "", many ? (size_t)COLUMN_MAX_DISTINCT : s->n_distinct,
                 (long long)n);
    } else if (s->n_numbers > 0) {
        snprintf(v.reason, sizeof(v.reason),
                 "%zu distinct values, %lld of %lld rows are no numbers: check the file if numbers "
                 "were meant",
                 s->n_distinct, (long long)n_texts, (long long)n);
    } else {
        snprintf(v.reason, sizeof(v.reason), "%zu distinct texts", s->n_distinct);
    }
    return v;
}

static void say_others(const struct csv_stats *s, struct column_verdict *v)
{
    size_t at = strlen(v->reason);
    int64_t n = s->n_rows - s->n_missing, n_texts = n - s->n_numbers - s->n_infinite;
    if (n_texts > 0)
        snprintf(v->reason + at, sizeof(v->reason) - at,
                 "; %lld of %lld rows are no numbers: mistyped, and taken as missing",
                 (long long)n_texts, (long long)n);
    at = strlen(v->reason);
    if (s->n_infinite > 0)
        snprintf(v->reason + at, sizeof(v->reason) - at, "; %lld of %lld rows are infinite",
                 (long long)s->n_infinite, (long long)n);
}

/* Amounts with a few words among them ("error", "inf"); a few codes and words are categories. */
static bool judge_mostly_numbers(const struct csv_stats *s, struct column_verdict *out)
{
    struct csv_stats numbers = *s;
    double n = (double)(s->n_rows - s->n_missing);
    if (s->n_numbers == 0 || (double)(s->n_numbers + s->n_infinite) < MOSTLY_NUMBERS * n)
        return false;
    if (s->n_distinct <= COLUMN_MAX_DISTINCT)
        numbers.n_distinct -= s->n_distinct_others;
    if (numbers.n_distinct <= COLUMN_MAX_CODES)
        return false;
    *out = judge_numbers(&numbers);
    out->is_time = false; /* some rows would have none */
    say_others(s, out);
    return true;
}

struct column_verdict csv_column_judge(const char *name, const struct csv_stats *s)
{
    struct column_verdict v = {.guess = COLUMN_LEFT_OUT};
    int64_t n = s->n_rows - s->n_missing;
    if (n == 0)
        snprintf(v.reason, sizeof(v.reason), "no value in %lld rows", (long long)s->n_rows);
    else if (s->n_numbers == n)
        v = judge_numbers(s);
    else if (!judge_mostly_numbers(s, &v))
        v = judge_texts(s);
    v.personal = sounds_personal(name);
    if (v.personal)
        v.guess = s->n_numbers == n ? COLUMN_NUMERIC : COLUMN_CATEGORICAL;
    return v;
}
