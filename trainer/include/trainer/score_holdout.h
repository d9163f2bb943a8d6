/*
 * score_holdout.h - candidate and champion side by side on the newest labelled rows, which training
 * did not see: what the orchestrator's gate judges. No judgement here.
 */
#ifndef TRAINER_SCORE_HOLDOUT_H
#define TRAINER_SCORE_HOLDOUT_H

#include <cjson/cJSON.h>

#include "model/artifact.h"
#include "model/snapshot.h"

/*
 * Scores the snapshot's last n_holdout (> 0) rows with both (champion may be NULL), each in its own
 * vocabulary and feature order, the champion's classes mapped onto the candidate's by name, and
 * writes the scores file of docs/wire.md. *metrics: {"candidate": {...}, "champion": {...}}, owned.
 * A champion that needs a column that the snapshot lacks, or predicts another kind of label, is
 * ERR_INVALID.
 */
enum err_code score_holdout(const struct snapshot *s, const struct artifact *candidate,
                            const struct artifact *champion, const char *path,
                            char sha256[SHA256_HEX_BYTES], cJSON **metrics, struct err *e);

#endif
