/*
 * watch_bench.h - what the tests of the worker's side stand on: a store in a folder, versions small
 * enough to be made in a blink, and replicas that are nothing but counters and the reports they
 * would answer with.
 */
#ifndef WATCH_BENCH_H
#define WATCH_BENCH_H

#include "store_fixture.h"

#include "base/rand.h"
#include "base/sha256.h"
#include "model/artifact.h"
#include "watch.h"

#define BENCH_MODEL "loan"
#define BENCH_BUCKETS 3

/* Reads whole numbers of rows; every trigger, guard and comparison can be reached with few of them.
 */
extern const char *const bench_policy;

struct version_options {
    enum label_kind kind;
    double bias;        /* makes one version differ from another */
    bool no_metrics;    /* a manifest without validation metrics */
    bool no_validation; /* no validation pairs; others than binary have none anyway */
    bool nan_scores;    /* the validation pairs' scores are no numbers */
};
/* Saves a version as folder/SHA256.safetensors. Two features: "age" (numeric), "zip" (a, b).
 * Binary: no, yes; multi-class: a, b, c. */
void version_save(const struct version_options *o, const char *folder,
                  char sha256[SHA256_HEX_BYTES]);

struct bench {
    struct fixture *f;
    struct watch *w;
    char artifacts[96];
    char champion[SHA256_HEX_BYTES], candidate[SHA256_HEX_BYTES];
    int64_t now_ms;
    int64_t n_rows; /* answered so far, for ids */
};

/* A store with the model and its policy (NULL: none) and v1 as the champion; v2 is registered as
 * candidate. classes: whether the registered schema declares them. */
struct bench *bench_open(struct fixture *f, enum label_kind kind, bool classes, const char *policy);
void bench_close(struct bench *b);
/* Registers a version that was saved among the artifacts, as the champion. */
void bench_crown(struct bench *b, const char *sha256);
/* As a new process would find it. */
void bench_restart(struct bench *b);
/* A binary model under bench_policy; for cmocka's setup and teardown. */
int bench_setup(void **state);
int bench_teardown(void **state);

#define bench_test(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

/* ---- a replica ---- */

struct sim_side {
    char sha256[SHA256_HEX_BYTES], role[16];
    uint64_t requests, rows, errors, latency[BENCH_BUCKETS + 1];
    struct profile *scored; /* for role shadow: what it scored there */
};

struct sim {
    struct bench *b;
    const char *name, *instance;
    struct artifact *versions[2]; /* champion, candidate */
    size_t n_sides;
    struct sim_side sides[4];
    struct rng rng;
};

void sim_init(struct sim *s, struct bench *b, const char *name, const char *instance);
void sim_clean_up(struct sim *s);

struct sim_requests {
    const char *sha256, *role;
    size_t n;
    double shift; /* of age, in standard deviations of the reference */
    size_t errors;
    bool slow;     /* in the last but one bucket, else in the first */
    bool same_zip; /* of all rows */
};
void sim_serve(struct sim *s, const struct sim_requests *r);

/* The replica's report goes to the watch. */
enum err_code sim_try_report(struct sim *s, const char *address, struct report_outcome *out,
                             struct err *e);
/* The same, which must succeed. */
struct report_outcome sim_report(struct sim *s, const char *address);

/* ---- labelled rows ---- */

struct bench_rows {
    size_t n;
    const char *sha256, *shadow; /* shadow NULL: none */
    size_t wrong_every;          /* every so many rows the answer was wrong; 0: never */
    size_t shadow_wrong_every;
    const char *label; /* NULL: as the answer or its contrary */
};
void bench_label(struct bench *b, const struct bench_rows *r);

/* ---- looking ---- */

size_t bench_n_windows(struct bench *b);
/* Owned: the newest window as the store has it, with its signals. */
cJSON *bench_window(struct bench *b);
/* Rows of the open window, as saved. */
uint64_t bench_open_rows(struct bench *b);

#endif
