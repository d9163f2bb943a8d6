/*
 * reference_joint.h - the joint side of a reference; see reference_joint.c. Private to
 * reference*.c.
 */
#ifndef MONITORS_REFERENCE_JOINT_H
#define MONITORS_REFERENCE_JOINT_H

#include "base/safetensors.h"
#include "monitors/reference.h"

struct mon_reference_builder;

void reference_joint_deinit(struct mon_reference *r);

/* Lays the space over the sample and plans the stretches, where there are columns for it. */
enum err_code reference_joint_lay(struct mon_reference_builder *b, struct err *e);
/* Counts n rows of codes in the open stretch. */
enum err_code reference_joint_count(struct mon_reference_builder *b, const double *codes, size_t n,
                                    struct err *e);
/* Adds the stretches up. */
void reference_joint_finish(struct mon_reference *r);

enum err_code reference_joint_to_st(const struct mon_reference *r, struct st_writer *w, void **keep,
                                    struct err *e);
enum err_code reference_joint_from_st(struct mon_reference *r, const struct st_file *f,
                                      struct err *e);

#endif
