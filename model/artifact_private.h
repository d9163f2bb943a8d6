/*
 * artifact_private.h - what artifact.c and artifact_file.c share.
 */
#ifndef MODEL_ARTIFACT_PRIVATE_H
#define MODEL_ARTIFACT_PRIVATE_H

#include "model/artifact.h"

/* Golden rows that may differ more than this check nothing. */
#define ARTIFACT_MAX_TOLERANCE 0.1

/* Classes, transform, predictor and golden rows fit each other. Ruler and profiles are checked
 * where they are read. */
enum err_code artifact_check(const struct artifact *a, struct err *e);

#endif
