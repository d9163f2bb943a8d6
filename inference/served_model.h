/*
 * served_model.h - one model of this replica: what it runs now, its observation log, what its
 * versions have done, and how a new desired state takes the place of the old one.
 *
 * Any thread may ask for the current deployment; the lock is held for a pointer and a count.
 * Applying is serialised by the caller (replica_server.h): it loads files and takes as long as that
 * takes.
 */
#ifndef INFERENCE_SERVED_MODEL_H
#define INFERENCE_SERVED_MODEL_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "artifact_dir.h"
#include "deployment.h"
#include "lane.h"
#include "observation_log.h"

#define LEDGERS_RETIRED 4 /* counts of unloaded versions that are still reported */
#define LEDGERS_MAX (DESIRED_MAX_VERSIONS + LEDGERS_RETIRED)

struct last_error {
    bool set;
    int64_t generation;
    char version[SHA256_HEX_BYTES]; /* "": none is to blame */
    char message[512];
};

struct served_model {
    char name[SCHEMA_NAME_BYTES];
    char dir[PATH_MAX - 128];
    struct observation_log *log;
    atomic_uint_fast64_t n_rejected;           /* requests that no version is to blame for */
    atomic_uint_fast64_t n_applied, n_refused; /* desired states */
    pthread_mutex_t lock;                      /* all below */
    struct deployment *current;                /* NULL: not served */
    bool saved;                                /* the current desired state is on disk */
    bool wanted; /* a state was applied, now or before the restart, and not withdrawn */
    struct last_error last_error;
    size_t n_ledgers; /* the loaded versions' and the last retired ones', by last use */
    struct ledger *ledgers[LEDGERS_MAX];
};

/* What a change of state needs from the replica. */
struct apply_context {
    const struct artifact_dir *artifacts;
    struct lanes *lanes;
};

enum apply_outcome {
    APPLY_DONE,      /* swapped */
    APPLY_UNCHANGED, /* it ran already */
    APPLY_OLDER,     /* a lower generation: refused */
    APPLY_DIFFERENT, /* the same generation with another body: refused */
    APPLY_MISSING,   /* artifacts are not here */
    APPLY_FAILED     /* a version does not load; error and version say why */
};

struct apply_result {
    enum apply_outcome outcome;
    size_t n_missing;
    const char *missing[DESIRED_MAX_VERSIONS]; /* views into the wanted state */
    char version[SHA256_HEX_BYTES];
    struct err error;
};

/* dir: this model's folder. *out is owned; free with served_model_free. */
enum err_code served_model_new(const char *name, const char *dir, uint64_t log_bytes,
                               struct served_model **out, struct err *e);
void served_model_free(struct served_model *m);

/* A reference to what runs; NULL: not served. */
struct deployment *served_model_current(struct served_model *m);

void served_model_apply(struct served_model *m, const struct apply_context *c,
                        const struct desired *wanted, struct apply_result *out);

/* Applies the state on disk, where there is one; a failure is in last_error and in *e. */
enum err_code served_model_restore(struct served_model *m, const struct apply_context *c,
                                   struct err *e);

/* Stops serving and forgets the desired state; the log stays until it was read. */
void served_model_stop(struct served_model *m);

#endif
