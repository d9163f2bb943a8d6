/*
 * seeded_data.h - a data folder of leewayd in which a little has happened: one model, a first
 * champion v1, a run that a person asked for and that was promoted (v2), labelled rows with
 * performance points, one closed window of the present champion, a decision.
 */
#ifndef SEEDED_DATA_H
#define SEEDED_DATA_H

#define SEEDED_MODEL "loan"
#define SEEDED_RUN_BYTES 64

/* Fills folder, which exists and is empty; run: the id of the promoted run. */
void seeded_data_write(const char *folder, char run[SEEDED_RUN_BYTES]);

#endif
