/*
 * policy_table.h - the policy file's keys as data: one row per key says its name, type, limits,
 * default, where its value goes, and under which `kind` it applies. Private to policies/.
 *
 * Three things are made from the same rows: the reader (policy_read.c), the writer (policy_write.c)
 * and the JSON Schema (policy_schema.c). A new key is one row in policy_keys.c.
 */
#ifndef POLICIES_POLICY_TABLE_H
#define POLICIES_POLICY_TABLE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/policy.h"

struct policy_reader;
struct yaml_node;

enum key_kind {
    KEY_TEXT,     /* char[]; max: longest length */
    KEY_NAME,     /* the same of [A-Za-z0-9_.-] */
    KEY_URL,      /* the same, http:// or https:// */
    KEY_BOOL,     /* bool */
    KEY_INT,      /* int64_t */
    KEY_NUMBER,   /* double */
    KEY_SHARE,    /* double; 0.05 or 5% */
    KEY_DURATION, /* int64_t, milliseconds; min and max too */
    KEY_SIZE,     /* int64_t, bytes */
    KEY_ENUM,     /* an enum; words, allowed */
    KEY_MONITOR,  /* int, an index; the file has the monitor's name; allowed: kinds of monitor */
    KEY_CRON,     /* struct policy_cron */
    KEY_ZONE,     /* struct time_zone_ref */
    KEY_CLOCK,    /* int, minute of the day */
    KEY_FLAGS,    /* uint32_t; a list of words, or `all` */
    KEY_NAMES,    /* struct policy_names; a list of names, or `all` where off allows it */
    KEY_INTS,     /* int64_t[max_items] and the count */
    KEY_RANGES,   /* struct time_ranges; range */
    KEY_MAPPING,  /* a struct; table */
    KEY_LIST,     /* an array of structs and the count; table, max_items */
};

struct words {
    size_t n;
    const char *const *items;
};

struct key_table;

/* The row applies only where the row named key (of the same table, further up) applies and holds a
 * value of the mask. key NULL: always. */
struct key_when {
    const char *key;
    uint32_t mask;
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
    bool required;
    double min, max;      /* numbers, times, sizes; both 0: no limits */
    const char *fallback; /* what an absent key means, written as in the file; NULL: zero, empty */
    const char *off;      /* a word besides numbers: NaN for doubles, 0 for integers */
    const struct words *words;
    uint32_t allowed; /* of words or kinds, as a mask; 0: all */
    enum time_range_kind range;
    const struct key_table *table;
    size_t count_offset, max_items;
    struct key_when when;
    const char *help; /* one sentence, for the schema */
};

struct key_table {
    const char *what; /* "a trigger" */
    size_t size;      /* of the struct */
    size_t n;
    const struct key *keys;
    /* Rules between keys; called only where every key was fine. May be NULL. */
    void (*check)(struct policy_reader *r, const struct yaml_node *node, const void *value);
};

extern const struct key_table policy_file_table;
extern const struct words policy_monitor_words, policy_trigger_words, policy_metric_words,
    policy_statistic_words, policy_detector_words, policy_season_words, policy_algorithm_words,
    policy_backend_words, policy_event_words, policy_label_words;

/* ---- types: what each accepts, how it is written back, what the schema says ---- */

struct key_type {
    /* A scalar's text to dest; false where it is not one. plain: not quoted. NULL: lists only. */
    bool (*read)(const struct key *k, const char *text, bool plain, void *dest);
    /* One item of a list to dest; false likewise. NULL: no list. */
    bool (*append)(const struct key *k, const char *text, bool plain, void *dest);
    /* "a whole number 1..1000"; for lists what an item is. */
    void (*expect)(const struct key *k, char *out, size_t size_bytes);
    cJSON *(*write)(const struct key *k, const void *value); /* owned; NULL: out of memory */
    cJSON *(*schema)(const struct key *k);                   /* owned; NULL: out of memory */
};

/* NULL for KEY_MAPPING, KEY_LIST and KEY_MONITOR, which need more than the text. */
const struct key_type *key_type_of(enum key_kind kind);
extern const struct key_type key_type_text, key_type_name, key_type_url, key_type_bool,
    key_type_enum, key_type_cron, key_type_zone, key_type_clock; /* policy_texts.c */
extern const struct key_type key_type_int, key_type_number, key_type_share, key_type_duration,
    key_type_size; /* policy_numbers.c */
extern const struct key_type key_type_flags, key_type_names, key_type_ints,
    key_type_ranges; /* policy_lists.c */

cJSON *key_schema_type(const char *type);       /* {"type": type} */
cJSON *key_schema_pattern(const char *pattern); /* a string of that pattern */
/* Where read, append and write work: the field, or for KEY_INTS, which has two, the struct. */
void *key_dest(const struct key *k, void *base);
size_t *key_count(const struct key *k, void *base); /* the count of KEY_LIST and KEY_INTS */
int key_enum_value(const void *at);                 /* -1: it was wrong in the file */
/* `one of "psi", "ks", "js"` of the allowed words, or `"act" or "observe"`. */
void key_expect_words(const struct words *w, uint32_t allowed, char *out, size_t size_bytes);

enum key_applies { KEY_NO, KEY_YES, KEY_UNKNOWN /* its `kind` is wrong or missing */ };
enum key_applies key_applies(const struct key_table *t, const struct key *k, const void *base);
const struct key *key_find(const struct key_table *t, const char *name);

/* Frees what the values of a table own. */
void key_table_free(const struct key_table *t, void *base);

/* ---- reading (policy_read.c) ---- */

struct policy_reader {
    struct diagnostics *d;
    const struct policy_facts *facts; /* never NULL */
    const struct policy *policy;      /* as far as it is read: monitors come before triggers */
    char path[192];
};

/* Adds a mistake at node (NULL: no place), under the path of the reader and key (NULL: none).
 * expected and nearest may be NULL. */
void reader_report(struct policy_reader *r, const struct yaml_node *node, const char *key,
                   const char *message, const char *expected, const char *nearest);
/* No mistake was reported whose path starts so. */
bool reader_clean(const struct policy_reader *r, const char *path_prefix);
/* Reads root, a mapping, into base, which is zeroed. */
void reader_mapping(struct policy_reader *r, const struct key_table *t,
                    const struct yaml_node *node, void *base);

/* ---- rules between keys (policy_check.c) ---- */

void policy_check_window(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_monitor(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_trigger(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_times(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_guards(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_parameters(struct policy_reader *r, const struct yaml_node *node,
                             const void *value);
void policy_check_train(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_gate(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_step(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_rollout(struct policy_reader *r, const struct yaml_node *node, const void *value);
void policy_check_notify(struct policy_reader *r, const struct yaml_node *node, const void *value);
/* Rules between sections; called last, whatever was found before. */
void policy_check_whole(struct policy_reader *r, const struct yaml_node *root,
                        const struct policy *p);

#endif
