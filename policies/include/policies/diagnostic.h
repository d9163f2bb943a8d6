/*
 * diagnostic.h - everything that is wrong with a policy file, each with its place, in one pass.
 */
#ifndef POLICIES_DIAGNOSTIC_H
#define POLICIES_DIAGNOSTIC_H

#include <stddef.h>

#define DIAGNOSTIC_MAX 100 /* more are counted, not kept */
#define DIAGNOSTIC_LINE_BYTES 1024

struct diagnostic {
    int line, column;  /* from 1; 0 where the file as a whole is meant */
    char path[192];    /* "triggers[1].windows"; "" for the document */
    char message[256]; /* what is wrong, with the value seen: `unknown key "cooldwn"` */
    char
        expected[256]; /* what would be right: `one of "cooldown", ...`; "" where message says it */
    char nearest[64];  /* the name probably meant; "" where none is near */
};

struct diagnostics {
    char name[256]; /* the file, as it was named by the caller */
    size_t n, n_dropped;
    struct diagnostic items[DIAGNOSTIC_MAX];
};

/* "loan.yaml:12:5: triggers[1].windows: got "0", expected a whole number in 1..1000" into out; adds
 * `; did you mean "cooldown"?` where a near name is known. Returns out. */
char *diagnostic_format(const struct diagnostics *d, size_t i, char *out, size_t size_bytes);

#endif
