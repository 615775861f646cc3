#include "fleet/tenant.h"

#include "fleet/xml.h"

#include <string.h>

/* Bounds what an expression such as (a+)+$ may cost on one text; the user's can only lower it. */
#define REGEX_LIMITS "(*LIMIT_MATCH=10000)"

#define TENANT_MAX   255 /* bytes: names come from strangers, and there are many of them */

struct tenant_rules {
	const struct config *config;
	GRegex *regex; /* NULL: none */
};

struct tenant_rules *
tenant_rules_new(const struct config *config)
{
	struct tenant_rules *rules = g_new0(struct tenant_rules, 1);
	g_autofree char *pattern =
		config->tenant_regex ? g_strconcat(REGEX_LIMITS, config->tenant_regex, NULL) : NULL;

	rules->config = config;
	rules->regex = pattern ? g_regex_new(pattern, 0, 0, NULL) : NULL;
	return rules;
}

void
tenant_rules_free(struct tenant_rules *rules)
{
	if (!rules)
		return;
	g_clear_pointer(&rules->regex, g_regex_unref);
	g_free(rules);
}

static char *
of_metadata(const struct config_metadata *where, struct _xmlNode *domain)
{
	if (!where->path)
		return NULL;
	return xml_lookup(xml_child(domain, "metadata"), where->namespace, where->path, where->attribute);
}

/* The expression's first group in TEXT; NULL: it does not match, or the group is empty. */
static char *
matched(const GRegex *regex, const char *text)
{
	g_autoptr(GMatchInfo) match = NULL;
	g_autofree char *found = NULL;

	/* PCRE takes texts for valid UTF-8 without a look */
	if (!text || !g_utf8_validate(text, -1, NULL) || !g_regex_match(regex, text, 0, &match))
		return NULL;
	found = g_match_info_fetch(match, 1);
	return found && *g_strstrip(found) ? g_steal_pointer(&found) : NULL;
}

static char *
of_regex(const struct tenant_rules *rules, struct _xmlNode *domain, const struct vm_facts *facts)
{
	g_autofree char *name = xml_text(xml_child(domain, "name"));
	char *found = NULL;

	for (char **match = rules->config->tenant_match; rules->regex && match && *match && !found; match++) {
		const char *text = strcmp(*match, "title") == 0         ? facts->title
				   : strcmp(*match, "description") == 0 ? facts->description
									: name;

		found = matched(rules->regex, text);
	}
	return found;
}

static char *
of_label(const char *label, GHashTable *labels)
{
	const char *found = label && labels ? g_hash_table_lookup(labels, label) : NULL;

	return found && *found ? g_strdup(found) : NULL;
}

char *
tenant_find(const struct tenant_rules *rules, struct _xmlNode *domain, const struct vm_facts *facts,
	GHashTable *labels)
{
	char *tenant = of_metadata(&rules->config->tenant_metadata, domain);

	if (!tenant)
		tenant = of_regex(rules, domain, facts);
	if (!tenant)
		tenant = of_label(rules->config->tenant_label, labels);
	if (tenant && strlen(tenant) > TENANT_MAX)
		*g_utf8_find_prev_char(tenant, tenant + TENANT_MAX + 1) = '\0';
	return tenant;
}
