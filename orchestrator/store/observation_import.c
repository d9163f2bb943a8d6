/* observation_import.c - rows that come with their label, without a prediction: history from
 * elsewhere, out of which a first version is trained. */
#include "store/observation_private.h"

static enum err_code import_row(struct obs *o, const struct observation *row,
                                const struct observation_label *label, int64_t *n_new,
                                int64_t *n_duplicate, struct err *e)
{
    bool added = false;
    enum err_code rc;

    if ((rc = obs_check_id(row->id, e)) || (rc = obs_check_label(label->label, e)) ||
        (rc = obs_insert(o, row, label->label, row->unix_ms, &added, e))) {
        return rc;
    }
    o->account.imported += added;
    o->account.duplicates += !added;
    *n_new += added;
    *n_duplicate += !added;
    return ERR_OK;
}

enum err_code observation_import(struct store *s, const char *model, const struct observation *rows,
                                 const struct observation_label *labels, size_t n, int64_t *n_new,
                                 int64_t *n_duplicate, struct err *e)
{
    struct obs o;
    int64_t added = 0, known = 0;
    enum err_code rc = obs_begin(s, model, &o, e);

    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        rc = import_row(&o, &rows[i], &labels[i], &added, &known, e);
    }
    rc = obs_end(&o, rc, e);
    if (rc == ERR_OK) {
        *n_new = added;
        *n_duplicate = known;
    }
    return rc;
}
