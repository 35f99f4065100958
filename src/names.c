#include "names.h"

#include <stdlib.h>
#include <string.h>

const char *
names_keep(struct names *n, const char *name)
{
	size_t len = strlen(name) + 1;
	struct names_piece *p = n->last;

	if (p == NULL || NAMES_PIECE - p->used < len) {
		p = malloc(sizeof *p);
		if (p == NULL)
			return NULL;
		p->next = n->last;
		p->used = 0;
		n->last = p;
	}
	p->used += len;
	return memcpy(p->text + p->used - len, name, len);
}

void
names_free(struct names *n)
{
	struct names_piece *p;

	while ((p = n->last) != NULL) {
		n->last = p->next;
		free(p);
	}
}
