/*
 * metrics - the state of a spool as text for Prometheus.
 *
 * Owns: the names of the metrics, and their text: the exposition format 0.0.4.
 * Must not know: where the text goes.
 */
#ifndef METRICS_H
#define METRICS_H

#include "buf.h"
#include "conf.h"
#include "spool.h"

/*
 * Appends all metrics as they are at `now`.  Returns 0, or -1 and `why` if
 * something could not be counted: then the text is not to be used.
 */
int metrics_text(struct spool *s, const struct conf *conf, int64_t now,
    struct buf *out, char why[SPOOL_WHY_MAX]);

#endif
