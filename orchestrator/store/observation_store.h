/*
 * observation_store.h - what was asked and answered (from the replicas' logs), joined with the
 * labels that come later, in batches, twice, or never.
 *
 * Exactly once: a replica's log has an id and ascending sequence numbers; the next one to read is
 * committed together with the rows, and within a model an observation's id counts once. So a batch
 * read twice, from any point, changes nothing.
 *
 * A label joins its observation, whichever comes first. The first label stays: the same again is a
 * duplicate, another one a conflict; both are counted. Each join gets the next lseq of its model,
 * so that whoever folds over labelled rows asks for "after lseq N" and misses none.
 *
 * The account: owed = observations whose label has not come and is still waited for. One that waits
 * longer than max_wait is expired (counted); a label that comes even later is still joined (counted
 * late).
 *
 * Everything is bounded: rows a model (oldest go first, counted), labels that wait for their
 * observation.
 */
#ifndef STORE_OBSERVATION_STORE_H
#define STORE_OBSERVATION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/store.h"
#include "model/schema.h"

#define OBSERVATION_ID_BYTES 256 /* longer ids are refused */
#define OBSERVATION_MAX_OUTPUTS 1024

enum observation_role { OBSERVATION_CHAMPION, OBSERVATION_CANDIDATE, OBSERVATION_IMPORTED };

struct observation {
    int64_t seq; /* in the replica's log */
    const char *id;
    int64_t unix_ms;
    enum observation_role role;
    const char *version; /* sha256; NULL: imported */
    const char *x;       /* JSON array text, schema order */
    const float *y;      /* what was answered; n_y 0: imported */
    size_t n_y;
    const char *shadow_version; /* NULL: none */
    const float *shadow_y;
    size_t n_shadow_y;
};

/* ---- from the replicas' logs ---- */

/* A stretch of one replica's log, as an answer of GET .../observations has it. */
struct observation_batch {
    const char *model;
    const char *replica;
    const char *log_id;
    int64_t next_seq; /* the answer's Leeway-Next-Seq: where the next read begins */
};
struct observation_ingested {
    int64_t n_new;
    int64_t n_duplicate; /* id was there */
    int64_t n_repeated;  /* below the committed offset: read before */
    int64_t n_missed;    /* sequence numbers that the replica dropped before they were read */
    int64_t n_joined;    /* found their label waiting */
};

/* Stores the rows and the offset in one transaction (own transaction). rows ascend in seq. */
enum err_code observation_ingest(struct store *s, const struct observation_batch *b,
                                 const struct observation *rows, size_t n,
                                 struct observation_ingested *out, struct err *e);
/* The same from the answer's NDJSON body; a line that is none refuses the whole batch (line
 * number). */
enum err_code observation_ingest_ndjson(struct store *s, const struct observation_batch *b,
                                        const char *text, size_t len,
                                        struct observation_ingested *out, struct err *e);
/* Where the next read of this log begins; 0 for one never read. */
enum err_code observation_next_seq(struct store *s, const char *model, const char *log_id,
                                   int64_t *next_seq, struct err *e);

/* ---- labels ---- */

struct observation_label {
    const char *id;
    const char *label; /* class name, or a decimal number */
    int64_t unix_ms;   /* when it became known; 0: now */
};
struct observation_labelled {
    int64_t n_joined;
    int64_t n_waiting;   /* no such observation yet: kept */
    int64_t n_duplicate; /* the same label again */
    int64_t n_conflict;  /* another label than the one that stands */
    int64_t n_late;      /* of the joined: after their wait had expired */
};
/* One transaction (own) for all n. An id or label that is empty or too long refuses the batch. */
enum err_code observation_add_labels(struct store *s, const char *model,
                                     const struct observation_label *labels, size_t n,
                                     int64_t now_unix_ms, struct observation_labelled *out,
                                     struct err *e);

/* A class of the schema (any, where it declares none), or for regression a finite number: to be
 * asked before labels are taken in. */
bool observation_label_fits(const struct schema *schema, const char *label);

/* ---- rows that come labelled, without a prediction ---- */

/* Row i comes with labels[i] (their ids are the same). An id that is there is left as it is
 * (duplicate). One transaction (own) for all n. */
enum err_code observation_import(struct store *s, const char *model, const struct observation *rows,
                                 const struct observation_label *labels, size_t n, int64_t *n_new,
                                 int64_t *n_duplicate, struct err *e);

/* ---- reading ---- */

struct labelled_row { /* views, valid during the callback */
    int64_t lseq;
    const char *id;
    int64_t unix_ms;       /* of the observation */
    int64_t label_unix_ms; /* of the label */
    const char *label;
    enum observation_role role;
    const char *version; /* NULL: imported */
    const float *y;
    size_t n_y;
    const char *shadow_version;
    const float *shadow_y;
    size_t n_shadow_y;
    const char *x;
};
typedef enum err_code observation_visit(void *user, const struct labelled_row *row, struct err *e);

/* Rows with lseq > after, ascending, at most limit. An error of visit stops and is returned. */
enum err_code observation_labelled_after(struct store *s, const char *model, int64_t after,
                                         int limit, observation_visit *visit, void *user,
                                         struct err *e);
/* The newest limit labelled rows with unix_ms >= since, ascending in time. */
enum err_code observation_labelled_newest(struct store *s, const char *model, int64_t since_unix_ms,
                                          int64_t limit, observation_visit *visit, void *user,
                                          struct err *e);

struct observation_account {
    int64_t observed, imported; /* ever */
    int64_t duplicates, missed;
    int64_t labelled; /* joined ever = the last lseq */
    int64_t owed, expired, late;
    int64_t label_duplicates, label_conflicts;
    int64_t labels_waiting, labels_dropped;
    int64_t rows, rows_dropped;  /* kept now; gone by retention */
    int64_t oldest_owed_unix_ms; /* 0: none is owed */
};
/* All zero for a model that has seen nothing. */
enum err_code observation_account_get(struct store *s, const char *model,
                                      struct observation_account *out, struct err *e);
/* ---- keeping it bounded ---- */

struct observation_limits {
    int64_t max_rows;           /* a model; 0: no limit */
    int64_t max_labels_waiting; /* a model */
    int64_t max_wait_ms;        /* for a label; 0: for ever */
};
/* Expires and drops what is over the limits, at most max_work rows of each kind, so that one call
 * stays short; *more says whether to call again (own transaction). */
enum err_code observation_keep_bounded(struct store *s, const char *model,
                                       const struct observation_limits *limits, int64_t max_work,
                                       int64_t now_unix_ms, bool *more, struct err *e);

#endif
