/*
 * audit.h - who changed what, when and why: append-only and hash-chained.
 *
 * Each record's hash is SHA-256 over its fields and the previous record's hash, so that a record
 * changed, removed or put in breaks the chain at its place. Triggers in the database refuse UPDATE
 * and DELETE; whoever goes around them with another tool is found by audit_verify. Cutting off the
 * tail cannot be seen from the chain itself: note audit_head elsewhere (leewayd logs it) and
 * compare.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/store.h"

struct audit_entry {
    int64_t unix_ms;
    const char *actor;   /* "system", or the token's name */
    const char *action;  /* "run.transition", "policy.put", "rollback", ... */
    const char *subject; /* "run/r-7", "model/loan", "version/<sha256>" */
    const cJSON *detail; /* NULL: {} */
};

/* Appends one record. Caller's transaction. seq may be NULL. */
enum err_code audit_append(struct store *s, const struct audit_entry *entry, int64_t *seq,
                           struct err *e);

struct audit_check {
    int64_t n;                   /* records that hold */
    int64_t first_broken;        /* 0: none */
    char head[SHA256_HEX_BYTES]; /* hash of the last record that holds; "" where there is none */
};
/* Walks the whole chain. ERR_CORRUPT names the first broken record; *out is written then too. */
enum err_code audit_verify(struct store *s, struct audit_check *out, struct err *e);

/* The last record's seq (0: none) and hash. */
enum err_code audit_head(struct store *s, int64_t *seq, char hash[SHA256_HEX_BYTES], struct err *e);

struct audit_filter {
    const char *actor, *action, *subject; /* NULL: any; a trailing '*' matches a prefix */
    int64_t from_unix_ms, to_unix_ms;     /* 0: open */
    int64_t before_seq;                   /* 0: from the newest; for paging */
    int limit;                            /* 0: 100; at most 1000 */
};
/* Newest first: [{"seq","unix_ms","actor","action","subject","detail","hash"}]. *out is owned. */
enum err_code audit_list(struct store *s, const struct audit_filter *f, cJSON **out, struct err *e);

#endif
