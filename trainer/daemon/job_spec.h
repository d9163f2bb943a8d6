/*
 * job_spec.h - what a client submits, checked.
 */
#ifndef TRAINER_DAEMON_JOB_SPEC_H
#define TRAINER_DAEMON_JOB_SPEC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sha256.h"

#define JOB_ID_MAX 128

struct job_spec {
    cJSON *request; /* as submitted; owned */
    char hash[65];  /* of its canonical form: the same submit again, or another one under the same
                       id? */
    const char *model, *backend;       /* views into request */
    const cJSON *parameters, *lineage; /* views; NULL: absent */
    char snapshot[SHA256_HEX_BYTES];
    char champion[SHA256_HEX_BYTES]; /* "": none */
    int64_t deadline_s;              /* default 3600 */
    int64_t memory_bytes;            /* 0: no limit */
};

/* Takes request, also on failure. Errors name the key; parameters are checked as far as they can be
 * without the snapshot. flip_labels is ERR_FORBIDDEN unless allowed. */
enum err_code job_spec_init(struct job_spec *s, cJSON *request, bool allow_fault_injection,
                            struct err *e);
void job_spec_deinit(struct job_spec *s);

/* 1..128 bytes of [A-Za-z0-9_.-], not starting with a dot: ids are folder names. */
bool job_id_valid(const char *id);

#endif
