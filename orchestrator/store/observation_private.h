/*
 * observation_private.h - what the files of the observation store share: one model's account in the
 * making, rows going in, labels being joined.
 *
 *   observation_account.c  the account, limits      observation_label.c   labels, joining
 *   observation_ingest.c   the replicas' logs       observation_import.c  rows with labels
 *   observation_read.c     what others ask for
 */
#ifndef STORE_OBSERVATION_PRIVATE_H
#define STORE_OBSERVATION_PRIVATE_H

#include "store/db_private.h"
#include "store/observation_store.h"

/* Columns of table account, members of struct observation_account. */
#define OBSERVATION_ACCOUNT_LIST(X)                                                                \
    X(observed)                                                                                    \
    X(imported)                                                                                    \
    X(duplicates)                                                                                  \
    X(missed)                                                                                      \
    X(labelled)                                                                                    \
    X(owed)                                                                                        \
    X(expired)                                                                                     \
    X(late)                                                                                        \
    X(label_duplicates)                                                                            \
    X(label_conflicts)                                                                             \
    X(labels_waiting)                                                                              \
    X(labels_dropped)                                                                              \
    X(rows)                                                                                        \
    X(rows_dropped)

/* Column state of table observation. */
enum { STATE_OWED = 0, STATE_LABELLED = 1, STATE_EXPIRED = 2 };

#define LABEL_BYTES 256

/* One model within one transaction. The account is read at its begin and written at its end. */
struct obs {
    struct store *s;
    int64_t model;
    struct observation_account account;
    struct { /* the last few versions interned */
        char sha256[SHA256_HEX_BYTES];
        int64_t id;
    } words[4];
    size_t n_words;
};

/* Begins the transaction; end it with obs_end. */
enum err_code obs_begin(struct store *s, const char *model, struct obs *o, struct err *e);
/* rc OK: writes the account and commits; else rolls back. */
enum err_code obs_end(struct obs *o, enum err_code rc, struct err *e);
/* The account alone, without a transaction. */
enum err_code obs_load(struct store *s, const char *model, struct obs *o, struct err *e);

/* Adds a row; *added is false where its id was there. label NULL: owed. */
enum err_code obs_insert(struct obs *o, const struct observation *row, const char *label,
                         int64_t label_unix_ms, bool *added, struct err *e);

/* Labels that wait for the row's id: *found, label (LABEL_BYTES). They wait no more then. */
enum err_code obs_take_waiting(struct obs *o, const char *id, char *label, int64_t *label_unix_ms,
                               bool *found, struct err *e);

/* A usable id and label; the error says which is not. */
enum err_code obs_check_id(const char *id, struct err *e);
enum err_code obs_check_label(const char *label, struct err *e);

#endif
