/*
 * infer_job.h - one infer request on its way: read, route, score, shadow, write down, count. What
 * HTTP adds around it is in infer_api.c.
 */
#ifndef INFERENCE_INFER_JOB_H
#define INFERENCE_INFER_JOB_H

#include "infer_request.h"
#include "infer_response.h"
#include "lane.h"
#include "served_model.h"

struct infer_job {
    /* given */
    struct served_model *model;
    const struct deployment *deployment; /* referenced by the caller until the job is done */
    struct lane *lane;
    struct infer_body body;
    const char *version;    /* from the path; NULL: routed */
    const char *key_header; /* NULL: none */
    /* found */
    struct infer_request request;
    char made_id[33];
    struct text id, key; /* key: what is routed by */
    bool key_given;      /* and not the id or chance */
    const struct deployed *served;
    enum role role;
    double *codes;
    float *scores;
    double latency_s;
    int64_t started_ns;
    struct {
        const struct deployed *served; /* NULL: no shadow */
        size_t n_rows;
        double *codes;
        float *scores;
        double latency_s;
    } shadow;
};

/* Runs the job: on success it is scored, written down and counted, and *answer is ready to be
 * written. ERR_NOT_FOUND: unknown version; ERR_INVALID, ERR_PARSE: the client's mistake; others:
 * ours. */
enum err_code infer_job_run(struct infer_job *job, struct infer_answer *answer, struct err *e);

#endif
