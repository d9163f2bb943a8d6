/*
 * csv.h - RFC 4180 CSV, plain or gzip, read as a stream of rows with bounded memory.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct csv;

/* Opens path ("-": stdin) and reads the header line. Gzip is recognised by its first bytes. A field
 * is at most 1 MiB, a row at most 4096 fields and 16 MiB; empty lines are skipped. *out is owned; free with csv_close. */
enum err_code csv_open(const char *path, struct csv **out, struct err *e);
void csv_close(struct csv *c);

size_t csv_n_columns(const struct csv *c);
const char *csv_column(const struct csv *c, size_t i);           /* view, valid while c lives */
int csv_find_column(const struct csv *c, const char *name);      /* -1: absent */

/* Reads the next row: *fields points to csv_n_columns strings, views valid until the next call.
 * *more is false at the end. A row of another width is an error; errors name file:line:column (in
 * bytes, from 1). */
enum err_code csv_next(struct csv *c, const char *const **fields, bool *more, struct err *e);

int64_t csv_row_number(const struct csv *c); /* rows read so far, the header not counted */
int64_t csv_line(const struct csv *c);       /* line, from 1, where the row read last begins */
const char *csv_name(const struct csv *c);   /* of the file, for messages; a view */

/* Share of the file consumed, 0..1, for progress; -1 where unknown (stdin). */
double csv_progress(const struct csv *c);

/* A numeric field: "", "NA", "NaN", "null", "?" (in any case, blanks around) are missing (NaN); false
 * where it is no finite decimal number. */
bool csv_number(const char *field, double *out);
/* "inf", "-Infinity" and the like, in any case, blanks around: true, and *out is the infinity. */
bool csv_infinity(const char *field, double *out);
bool csv_is_missing(const char *field);

#endif
