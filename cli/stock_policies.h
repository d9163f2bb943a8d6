/*
 * stock_policies.h - the files of policies/stock, embedded at build time (embed_stock.cmake), so
 * that the program needs no data folder.
 */
#ifndef CLI_STOCK_POLICIES_H
#define CLI_STOCK_POLICIES_H

struct stock_policy {
    const char *name; /* "default-classification" */
    const char *text; /* the file, NUL-terminated */
};

/* Ends with a NULL name. */
extern const struct stock_policy stock_policies[];

#endif
