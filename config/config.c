#include "config/config.h"

#include "config/error.h"
#include "config/guards.h"
#include "config/hosts.h"
#include "config/inventory.h"
#include "config/look.h"
#include "config/tables.h"

#define CONFIG_FILE "virt-fleet/config.yaml"
#define SYSTEM_FILE "/etc/virt-fleet/config.yaml"

static const char defaults_text[] =
#include "defaults.inc"
	;

const char *
config_defaults_text(void)
{
	return defaults_text;
}

char *
config_find(void)
{
	g_autofree char *own = g_build_filename(g_get_user_config_dir(), CONFIG_FILE, NULL);

	if (g_file_test(own, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&own);
	return g_file_test(SYSTEM_FILE, G_FILE_TEST_EXISTS) ? g_strdup(SYSTEM_FILE) : NULL;
}

static void
settings_free(struct host_settings *settings)
{
	if (settings == NULL)
		return;
	option_clear(&schema_defaults, settings);
	g_free(settings);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	g_clear_pointer(&config->hosts, g_ptr_array_unref);
	g_clear_pointer(&config->keys, g_ptr_array_unref);
	g_clear_pointer(&config->views, g_ptr_array_unref);
	g_clear_pointer(&config->guards, g_ptr_array_unref);
	theme_free(config->theme);
	g_ptr_array_unref(config->themes);
	g_free(config->journal_path);
	g_free(config->tenant_metadata.namespace);
	g_free(config->tenant_metadata.path);
	g_free(config->tenant_metadata.attribute);
	g_free(config->tenant_regex);
	g_strfreev(config->tenant_match);
	g_free(config->tenant_label);
	settings_free(config->defaults);
	g_free(config);
}

static int64_t
number_at(const struct config *config, size_t offset)
{
	return *(const int64_t *)((const char *)config + offset);
}

static bool
check_orders(const struct config *config, const struct yaml_value *root, GError **error)
{
	for (const struct schema_order *order = schema_orders; order->low != NULL; order++) {
		int64_t low = number_at(config, order->low_offset);
		int64_t high = number_at(config, order->high_offset);
		const struct yaml_value *at = option_value(root, order->high);
		g_autofree char *low_text = option_format(order->type, low);
		g_autofree char *high_text = option_format(order->type, high);

		if (low > high)
			return yaml_fail(at ? at : option_value(root, order->low), error, CONFIG_ERROR_VALUE,
				"%s is %s and %s is %s; allowed: the first not above the second", order->low,
				low_text, order->high, high_text);
	}
	return true;
}

/* Namespace and attribute are about an element, which the path names. */
static bool
check_tenant(const struct config *config, const struct yaml_value *root, GError **error)
{
	const struct config_metadata *metadata = &config->tenant_metadata;
	const char *lonely = metadata->namespace ? "tenant.metadata.namespace" : "tenant.metadata.attribute";

	if (metadata->path || (!metadata->namespace && !metadata->attribute))
		return true;
	return yaml_fail(option_value(root, lonely), error, CONFIG_ERROR_VALUE,
		"%s is set without tenant.metadata.path, which names the element", lonely);
}

static bool
add_hosts(const struct draft *draft, const char *name, struct hosts *hosts, GError **error)
{
	const struct yaml_value *list = draft->hosts;
	g_autofree char *folder = g_path_get_dirname(name);
	struct inventory_opts inventory = {
		.command = (const char *const *)draft->inventory_command,
		.groups = (const char *const *)draft->inventory_groups,
		.timeout_ms = draft->inventory_timeout_ms,
		.folder = folder,
	};

	if (list != NULL && list->type != YAML_LIST)
		return yaml_fail(list, error, CONFIG_ERROR_VALUE,
			"hosts can't be %s; allowed: a list, like [kvm1, kvm2] or "
			"lines that begin with '- '",
			yaml_type_name(list->type));
	for (guint i = 0; list != NULL && i < list->items->len; i++) {
		if (!hosts_add_entry(hosts, list->items->pdata[i], error))
			return false;
	}
	return inventory_run(&inventory, hosts, error) && hosts_name(hosts->list, error);
}

/* Fills CONFIG's pointers from DRAFT; what it made before a failure is config_free()'s. */
static bool
fill(struct config *config, const struct draft *draft, const struct yaml_value *root, const char *name,
	GError **error)
{
	struct hosts hosts;
	bool ok;

	config->keys = g_ptr_array_new_with_free_func((GDestroyNotify)config_key_free);
	config->views = g_ptr_array_new_with_free_func((GDestroyNotify)config_view_free);
	config->themes = g_ptr_array_new_with_free_func((GDestroyNotify)theme_free);
	config->guards = g_ptr_array_new_with_free_func((GDestroyNotify)config_guard_free);
	config->defaults = g_new0(struct host_settings, 1);
	if (!check_orders(config, root, error) || !check_tenant(config, root, error))
		return false;
	config->theme = look_theme(draft, root, config->themes, error);
	if (config->theme == NULL || !look_keys(draft->keys, config->keys, error) ||
		!tables_read(draft->views, config->views, error) ||
		!guards_read(draft->guards, config->guards, error))
		return false;
	if (draft->defaults != NULL &&
		!option_read(&schema_defaults, draft->defaults, config->defaults, error))
		return false;
	hosts_init(&hosts, config->defaults);
	ok = add_hosts(draft, name, &hosts, error);
	config->hosts = g_steal_pointer(&hosts.list);
	hosts_done(&hosts);
	return ok;
}

static struct config *
build(const struct yaml_value *root, const char *name, GError **error)
{
	struct draft draft = { 0 };
	struct config *config = NULL;

	option_preset(&schema_config, &draft);
	if (option_read(&schema_config, root, &draft, error)) {
		config = g_memdup2(&draft.config, sizeof(draft.config));
		draft.config = (struct config){ 0 }; /* its texts are config's now */
		if (!fill(config, &draft, root, name, error))
			g_clear_pointer(&config, config_free);
	}
	option_clear(&schema_config, &draft);
	return config;
}

struct config *
config_parse(const char *text, size_t len, const char *name, GError **error)
{
	struct yaml_value *root = yaml_parse(text, len, name, error);
	struct config *config = root ? build(root, name, error) : NULL;

	yaml_unref(root);
	return config;
}

struct config *
config_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	size_t len;

	if (path == NULL)
		return config_parse("", 0, "defaults", error);
	if (!g_file_get_contents(path, &text, &len, &why)) {
		config_fail(error, CONFIG_ERROR_FILE, "%s", why->message);
		return NULL;
	}
	return config_parse(text, len, path, error);
}

bool
config_set(struct config *config, const char *path, const char *value, const char *origin, GError **error)
{
	const struct option_def *def = option_find(&schema_config, path);
	struct yaml_value *text = yaml_new(YAML_TEXT, origin, value);
	bool ok;

	/* A draft begins with its config, so what lies in that can be set there. */
	g_assert(def != NULL && def->offset < sizeof(*config));
	ok = option_set(def, text, config, error);
	yaml_unref(text);
	/* "--refresh: refresh: …" says it twice */
	if (!ok && error && g_str_has_suffix(origin, path)) {
		g_autofree char *named = g_strdup_printf("%s: %s: ", origin, path);

		if (g_str_has_prefix((*error)->message, named)) {
			char *once = g_strdup_printf("%s: %s", origin, (*error)->message + strlen(named));

			g_free((*error)->message);
			(*error)->message = once;
		}
	}
	return ok;
}
