/*
 * ledger.h - what a version did since this process started: requests, rows, errors and latency by
 * role, and the profiles of the rows it scored. Cumulative, so that a lost or repeated poll costs
 * nothing; it outlives the loaded version, so that unloading and loading again does not count from
 * zero.
 *
 * Counted per lane without sharing. Every function that reads or writes counters is called with the
 * lane's lock held, or with all of them (lane.h).
 */
#ifndef INFERENCE_LEDGER_H
#define INFERENCE_LEDGER_H

#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"
#include "model/profile.h"

/* X(symbol, name): what a version was when it scored. warm: asked for by name while neither
 * champion nor candidate; answered, but no part of any comparison: not profiled and not observed.
 */
#define ROLE_LIST(X)                                                                               \
    X(ROLE_CHAMPION, "champion")                                                                   \
    X(ROLE_CANDIDATE, "candidate")                                                                 \
    X(ROLE_SHADOW, "shadow")                                                                       \
    X(ROLE_WARM, "warm")

enum role {
#define X(symbol, name) symbol,
    ROLE_LIST(X)
#undef X
        N_ROLES
};

const char *role_name(enum role r);

#define LATENCY_BOUNDS 16
extern const double latency_bounds[LATENCY_BOUNDS]; /* seconds, 100 us to 10 s, 1-2-5 */

struct side {
    uint64_t requests;                           /* scored ones and failed ones */
    uint64_t rows;                               /* scored ones */
    uint64_t errors;                             /* requests that this version could not score */
    uint64_t latency_counts[LATENCY_BOUNDS + 1]; /* of scored requests; the last one is over 10 s */
    double latency_sum_s;
};

#define LEDGER_LABEL_BYTES 64

struct ledger;

/* Takes ruler (freed with the ledger, also where this fails). */
enum err_code ledger_new(const char *sha256, struct ruler *ruler, size_t n_lanes,
                         struct ledger **out, struct err *e);
struct ledger *ledger_ref(struct ledger *l); /* any thread */
void ledger_unref(struct ledger *l);         /* NULL allowed; the last one frees */

const char *ledger_sha256(const struct ledger *l);
const char *ledger_label(const struct ledger *l); /* the last one given; served_model's lock */
void ledger_set_label(struct ledger *l, const char *label);

/* One scored request. codes, scores: as artifact_score gives them. */
void ledger_count(struct ledger *l, size_t lane, enum role role, size_t n_rows, double latency_s,
                  const double *codes, const float *scores);
void ledger_count_error(struct ledger *l, size_t lane, enum role role);

/* Sums over all lanes. */
void ledger_sum(const struct ledger *l, enum role role, struct side *out);
/* The merged profile of the rows scored as champion or candidate, or in shadow. *out owned, but its
 * ruler is the ledger's: free it before the ledger is unref'd. */
enum err_code ledger_profile(const struct ledger *l, bool shadow, struct profile **out,
                             struct err *e);

#endif
