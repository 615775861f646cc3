#include "config/yaml.h"

#include "config/error.h"
#include "config/words.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	const char *name;
	const char *text;
	size_t len;
	GHashTable *anchors; /* char * to struct yaml_value *, both owned; complete values only */
	unsigned values;
	unsigned depth;
};

struct yaml_value *
yaml_new(enum yaml_type type, const char *name, const char *text)
{
	struct yaml_value *value = g_new0(struct yaml_value, 1);

	value->type = type;
	value->refs = 1;
	value->values = 1;
	value->name = name;
	if (type == YAML_TEXT)
		value->text = g_strdup(text);
	if (type == YAML_LIST || type == YAML_MAP)
		value->items = g_ptr_array_new_with_free_func((GDestroyNotify)yaml_unref);
	if (type == YAML_MAP)
		value->keys = g_ptr_array_new_with_free_func((GDestroyNotify)yaml_unref);
	return value;
}

struct yaml_value *
yaml_ref(struct yaml_value *value)
{
	value->refs++;
	return value;
}

void
yaml_unref(struct yaml_value *value)
{
	if (value == NULL || --value->refs > 0)
		return;
	g_free(value->text);
	g_clear_pointer(&value->items, g_ptr_array_unref);
	g_clear_pointer(&value->keys, g_ptr_array_unref);
	g_free(value);
}

void
yaml_add(struct yaml_value *value, const char *key, struct yaml_value *item)
{
	if (key != NULL)
		g_ptr_array_add(value->keys, yaml_new(YAML_TEXT, value->name, key));
	g_ptr_array_add(value->items, item);
	value->values += item->values;
}

const struct yaml_value *
yaml_get(const struct yaml_value *value, const char *key)
{
	if (value == NULL || value->type != YAML_MAP)
		return NULL;
	for (guint i = 0; i < value->keys->len; i++) {
		const struct yaml_value *have = value->keys->pdata[i];

		if (strcmp(have->text, key) == 0)
			return value->items->pdata[i];
	}
	return NULL;
}

char *
yaml_place(const struct yaml_value *value)
{
	if (value->line == 0)
		return g_strdup(value->name);
	return g_strdup_printf("%s:%d:%d", value->name, value->line, value->column);
}

bool
yaml_prefix(const struct yaml_value *value, GError **error)
{
	g_autofree char *place = yaml_place(value);

	g_prefix_error(error, "%s: ", place);
	return false;
}

bool
yaml_fail(const struct yaml_value *value, GError **error, int code, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list ap;

	va_start(ap, format);
	message = g_strdup_vprintf(format, ap);
	va_end(ap);
	config_fail(error, (enum config_error)code, "%s", message);
	return yaml_prefix(value, error);
}

const char *
yaml_type_name(enum yaml_type type)
{
	static const char *const names[] = {
		[YAML_NOTHING] = "nothing",
		[YAML_TEXT] = "a text",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a mapping",
	};

	return names[type];
}

/* libyaml's reader gives an offset only, in bytes, for what is not UTF-8. */
static yaml_mark_t
mark_at(const struct reader *reader, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < MIN(offset, reader->len); i++) {
		bool newline = reader->text[i] == '\n';

		mark.line += newline;
		mark.column = newline ? 0 : mark.column + 1;
	}
	return mark;
}

static bool
fail_syntax(const struct reader *reader, GError **error)
{
	const yaml_parser_t *parser = &reader->parser;
	yaml_mark_t mark = parser->problem_mark;
	const char *hint = "";

	if (parser->error == YAML_READER_ERROR)
		mark = mark_at(reader, parser->problem_offset);
	else if (mark.index < reader->len && reader->text[mark.index] == '\t')
		hint = "; YAML indents with spaces, never with tabs";
	return config_fail(error, CONFIG_ERROR_SYNTAX, "%s:%zu:%zu: this is not YAML: %s%s%s%s", reader->name,
		mark.line + 1, mark.column + 1, parser->problem ? parser->problem : "it can't be read",
		parser->context ? " " : "", parser->context ? parser->context : "", hint);
}

static bool
fail_at(const struct reader *reader, const yaml_event_t *event, GError **error, enum config_error code,
	const char *what)
{
	return config_fail(error, code, "%s:%zu:%zu: %s", reader->name, event->start_mark.line + 1,
		event->start_mark.column + 1, what);
}

static struct yaml_value *
value_at(const struct reader *reader, enum yaml_type type, const yaml_event_t *event, const char *text)
{
	struct yaml_value *value = yaml_new(type, reader->name, text);

	value->line = (int)event->start_mark.line + 1;
	value->column = (int)event->start_mark.column + 1;
	return value;
}

static bool
next_event(struct reader *reader, yaml_event_t *event, GError **error)
{
	return yaml_parser_parse(&reader->parser, event) || fail_syntax(reader, error);
}

static struct yaml_value *read_value(struct reader *reader, const yaml_event_t *event, GError **error);

static struct yaml_value *
read_text(const struct reader *reader, const yaml_event_t *event, GError **error)
{
	const char *text = (const char *)event->data.scalar.value;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (strlen(text) != event->data.scalar.length) {
		fail_at(reader, event, error, CONFIG_ERROR_VALUE, "a text can't hold a NUL character");
		return NULL;
	}
	if (plain && (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return value_at(reader, YAML_NOTHING, event, NULL);
	return value_at(reader, YAML_TEXT, event, text);
}

static struct yaml_value *
read_alias(struct reader *reader, const yaml_event_t *event, GError **error)
{
	const char *anchor = (const char *)event->data.alias.anchor;
	struct yaml_value *value = g_hash_table_lookup(reader->anchors, anchor);
	g_autofree char *what = g_strdup_printf(
		"the alias *%s stands before the end of its anchor &%s, or there is none", anchor, anchor);

	if (value == NULL) {
		fail_at(reader, event, error, CONFIG_ERROR_SYNTAX, what);
		return NULL;
	}
	reader->values += value->values - 1;
	return yaml_ref(value);
}

/* Reads the items of VALUE, a list, up to its end. */
static bool
read_list(struct reader *reader, struct yaml_value *value, GError **error)
{
	for (;;) {
		yaml_event_t event;
		struct yaml_value *item;
		bool end;

		if (!next_event(reader, &event, error))
			return false;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_value(reader, &event, error);
		yaml_event_delete(&event);
		if (item == NULL)
			return end;
		yaml_add(value, NULL, item);
	}
}

/* Reads one key of VALUE, a map. False with ERROR unset at the map's end. SEEN: char * to struct yaml_value
 * *. */
static bool
read_key(struct reader *reader, struct yaml_value *value, GHashTable *seen, GError **error)
{
	yaml_event_t event;
	struct yaml_value *key = NULL, *first;
	bool ok = false;

	if (!next_event(reader, &event, error))
		return false;
	if (event.type != YAML_MAPPING_END_EVENT)
		key = read_value(reader, &event, error);
	if (key != NULL && key->type != YAML_TEXT) {
		yaml_fail(key, error, CONFIG_ERROR_KEY, "a key must be a text, not %s",
			yaml_type_name(key->type));
	} else if (key != NULL && (first = g_hash_table_lookup(seen, key->text)) != NULL) {
		g_autofree char *quoted = words_quote(key->text), *place = yaml_place(first);

		yaml_fail(key, error, CONFIG_ERROR_KEY, "the key %s comes twice; first: %s", quoted, place);
	} else if (key != NULL) {
		g_hash_table_insert(seen, key->text, key);
		g_ptr_array_add(value->keys, yaml_ref(key));
		ok = true;
	}
	yaml_unref(key);
	yaml_event_delete(&event);
	return ok;
}

static bool
read_map(struct reader *reader, struct yaml_value *value, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GError) why = NULL;

	while (read_key(reader, value, seen, &why)) {
		yaml_event_t event;
		struct yaml_value *item;

		if (!next_event(reader, &event, error))
			return false;
		item = read_value(reader, &event, error);
		yaml_event_delete(&event);
		if (item == NULL)
			return false;
		yaml_add(value, NULL, item);
	}
	if (why != NULL) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	return true;
}

static const char *
anchor_of(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return (const char *)event->data.scalar.anchor;
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return (const char *)event->data.sequence_start.anchor;
	if (event->type == YAML_MAPPING_START_EVENT)
		return (const char *)event->data.mapping_start.anchor;
	return NULL;
}

static struct yaml_value *
read_collection(struct reader *reader, const yaml_event_t *event, GError **error)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	struct yaml_value *value = value_at(reader, is_list ? YAML_LIST : YAML_MAP, event, NULL);
	bool ok;

	reader->depth++;
	if (reader->depth > YAML_MAX_DEPTH)
		ok = fail_at(reader, event, error, CONFIG_ERROR_SYNTAX,
			"this is nested too deeply; allowed: 16 levels");
	else
		ok = is_list ? read_list(reader, value, error) : read_map(reader, value, error);
	reader->depth--;
	if (!ok)
		g_clear_pointer(&value, yaml_unref);
	return value;
}

/* The value that begins with EVENT. NULL with ERROR set. */
static struct yaml_value *
read_value(struct reader *reader, const yaml_event_t *event, GError **error)
{
	struct yaml_value *value;

	reader->values++;
	if (event->type == YAML_SCALAR_EVENT)
		value = read_text(reader, event, error);
	else if (event->type == YAML_ALIAS_EVENT)
		value = read_alias(reader, event, error);
	else
		value = read_collection(reader, event, error);
	if (value != NULL && reader->values > YAML_MAX_VALUES) {
		fail_at(reader, event, error, CONFIG_ERROR_SYNTAX,
			"there are too many values up to here; allowed: 500000, with each alias counted in "
			"full");
		g_clear_pointer(&value, yaml_unref);
	}
	if (value != NULL && anchor_of(event) != NULL)
		g_hash_table_replace(reader->anchors, g_strdup(anchor_of(event)), yaml_ref(value));
	return value;
}

/* Reads on to the next value or the end of the stream. */
static bool
next_content(struct reader *reader, yaml_event_t *event, GError **error)
{
	while (next_event(reader, event, error)) {
		if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT &&
			event->type != YAML_DOCUMENT_END_EVENT)
			return true;
		yaml_event_delete(event);
	}
	return false;
}

/* False when something follows the one document. */
static bool
check_end(struct reader *reader, GError **error)
{
	yaml_event_t event;
	bool end;

	if (!next_content(reader, &event, error))
		return false;
	end = event.type == YAML_STREAM_END_EVENT;
	if (!end)
		fail_at(reader, &event, error, CONFIG_ERROR_SYNTAX,
			"a second document begins here; allowed: one");
	yaml_event_delete(&event);
	return end;
}

static struct yaml_value *
read_document(struct reader *reader, GError **error)
{
	yaml_event_t event;
	struct yaml_value *root;
	bool empty;

	if (!next_content(reader, &event, error))
		return NULL;
	empty = event.type == YAML_STREAM_END_EVENT;
	root = empty ? yaml_new(YAML_NOTHING, reader->name, NULL) : read_value(reader, &event, error);
	yaml_event_delete(&event);
	if (root != NULL && !empty && !check_end(reader, error))
		g_clear_pointer(&root, yaml_unref);
	return root;
}

struct yaml_value *
yaml_parse(const char *text, size_t len, const char *name, GError **error)
{
	struct reader reader = { .name = name, .text = text, .len = len };
	struct yaml_value *root;

	if (len > YAML_MAX_BYTES) {
		config_fail(error, CONFIG_ERROR_FILE, "%s: the file is too big; allowed: %d MiB", name,
			YAML_MAX_BYTES >> 20);
		return NULL;
	}
	if (!yaml_parser_initialize(&reader.parser))
		g_error("out of memory");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
	reader.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)yaml_unref);
	root = read_document(&reader, error);
	g_hash_table_unref(reader.anchors);
	yaml_parser_delete(&reader.parser);
	return root;
}
