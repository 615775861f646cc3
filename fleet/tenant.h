/*
 * tenant: whose a guest is, as the config says how to find out: from the metadata in its XML, else from a regular expression
 * on its name, title or description, else from a label of its host. Immutable once made: any thread.
 */
#pragma once

#include "config/config.h"
#include "fleet/model.h"

struct tenant_rules;
struct _xmlNode;

/* CONFIG is borrowed and has been checked. */
struct tenant_rules *tenant_rules_new(const struct config *config);
void tenant_rules_free(struct tenant_rules *rules); /* accepts NULL */

/* The tenant of the guest whose XML's root is DOMAIN, already read into FACTS; LABELS are its host's (NULL: none). Caller
 * frees; NULL: nobody's. */
char *tenant_find(const struct tenant_rules *rules, struct _xmlNode *domain, const struct vm_facts *facts,
                  GHashTable *labels);
