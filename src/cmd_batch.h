/*
 * cmd_batch - a job for each line of a text.
 *
 * Owns: that nothing is put in unless every line is good, and that what is
 * put in is a beginning of the text.
 * Must not know: where the text comes from.
 */
#ifndef CMD_BATCH_H
#define CMD_BATCH_H

#include "buf.h"
#include "cmd_submit.h"

/* Returns an exit status; `name` is what messages call the text. */
int batch_enqueue(const struct submit *submit, const char *name,
    const struct buf *text);

#endif
