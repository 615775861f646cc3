/* causes: why acts did not go well, each reason once, with how many it was: "no memory (12), link lost (web-1)". UI thread
 * only. */
#pragma once

#include <glib.h>

struct causes;

struct causes *causes_new(void);
void causes_free(struct causes *causes); /* accepts NULL */

/* The act on the guest VM ended because of ERROR (NULL: nobody said). Errors that differ in nothing but the guest's quoted
 * name are the same. */
void causes_add(struct causes *causes, const char *error, const char *vm);
/* Appends the MOST commonest ones. Where there is but one, it is not counted; one that was of one guest among several names
 * it. */
void causes_append(const struct causes *causes, GString *text, guint most);
