#include "fleet/xml.h"

#include "fleet/error.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <string.h>

/* libvirt itself sends no string longer than this. */
#define XMLREAD_MAX (4 * 1024 * 1024)

static const char *
trouble_with(xmlDoc *doc, const char *root)
{
	const xmlNode *top = doc ? xmlDocGetRootElement(doc) : NULL;

	if (!top)
		return "can't be read";
	if (doc->intSubset || doc->extSubset)
		return "declares a document type, which libvirt never does";
	if (strcmp((const char *)top->name, root) != 0)
		return "has another root element";
	return NULL;
}

struct _xmlDoc *
xml_parse(const char *text, size_t len, const char *root, GError **error)
{
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
	xmlDoc *doc = len > XMLREAD_MAX ? NULL : xmlReadMemory(text, (int)len, NULL, "UTF-8", options);
	const char *trouble = len > XMLREAD_MAX ? "is too long" : trouble_with(doc, root);

	if (!trouble)
		return doc;
	xmlFreeDoc(doc);
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL, "libvirt's <%s> XML %s", root, trouble);
	return NULL;
}

void
xml_free(struct _xmlDoc *doc)
{
	xmlFreeDoc(doc);
}

struct _xmlNode *
xml_root(struct _xmlDoc *doc)
{
	return xmlDocGetRootElement(doc);
}

static xmlNode *
first_of(xmlNode *node, const char *name)
{
	for (; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0)
			return node;
	return NULL;
}

struct _xmlNode *
xml_child(struct _xmlNode *node, const char *name)
{
	return node ? first_of(node->children, name) : NULL;
}

struct _xmlNode *
xml_next(struct _xmlNode *node)
{
	return node ? first_of(node->next, (const char *)node->name) : NULL;
}

size_t
xml_count(struct _xmlNode *node, const char *name)
{
	size_t n = 0;

	for (xmlNode *child = xml_child(node, name); child; child = xml_next(child))
		n++;
	return n;
}

/* libxml2's string as GLib's, without the white space around it; NULL when nothing is left. */
static char *
take(xmlChar *text)
{
	char *out = text ? g_strstrip(g_strdup((const char *)text)) : NULL;

	xmlFree(text);
	if (out && !*out)
		g_clear_pointer(&out, g_free);
	return out;
}

char *
xml_attr(struct _xmlNode *node, const char *name)
{
	return node ? take(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

char *
xml_text(struct _xmlNode *node)
{
	return node ? take(xmlNodeGetContent(node)) : NULL;
}

static bool
in_namespace(const xmlNode *node, const char *namespace)
{
	const char *name = node->ns ? (const char *)node->ns->href : NULL;
	size_t length = namespace ? strlen(namespace) : 0;

	if (!namespace)
		return true;
	if (!name)
		return false;
	if (length && namespace[length - 1] == '*')
		return strncmp(name, namespace, length - 1) == 0;
	return strcmp(name, namespace) == 0;
}

/* NAMES: what is left of the path. */
static char *
lookup(xmlNode *parent, const char *namespace, char *const *names, bool outermost, const char *attribute)
{
	char *found = NULL;

	for (xmlNode *node = xml_child(parent, *names); node && !found; node = xml_next(node)) {
		if (!in_namespace(node, namespace) && (outermost || node->ns))
			continue;
		if (names[1])
			found = lookup(node, namespace, names + 1, false, attribute);
		else
			found = attribute ? xml_attr(node, attribute) : xml_text(node);
	}
	return found;
}

char *
xml_dump(struct _xmlNode *node)
{
	xmlBufferPtr buffer = xmlBufferCreate();
	char *text;

	xmlNodeDump(buffer, node->doc, node, 0, 0);
	text = g_strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}

char *
xml_lookup(struct _xmlNode *node, const char *namespace, const char *path, const char *attribute)
{
	g_auto(GStrv) names = g_strsplit(path, "/", -1);

	return node && *names ? lookup(node, namespace, names, true, attribute) : NULL;
}

static guint64
number_of(const char *text)
{
	if (!text)
		return 0;
	return g_ascii_strtoull(text, NULL, g_str_has_prefix(text, "0x") ? 16 : 10);
}

guint64
xml_attr_number(struct _xmlNode *node, const char *name)
{
	g_autofree char *text = xml_attr(node, name);

	return number_of(text);
}

guint64
xml_number(struct _xmlNode *node)
{
	g_autofree char *text = xml_text(node);

	return number_of(text);
}

gboolean
xml_attr_is(struct _xmlNode *node, const char *name, const char *value)
{
	g_autofree char *text = xml_attr(node, name);

	return g_strcmp0(text, value) == 0;
}

char *
xml_pci_address(struct _xmlNode *address)
{
	if (!address || !xmlHasProp(address, (const xmlChar *)"bus") ||
		!xmlHasProp(address, (const xmlChar *)"slot"))
		return NULL;
	return g_strdup_printf("%04x:%02x:%02x.%x", (unsigned)xml_attr_number(address, "domain"),
		(unsigned)xml_attr_number(address, "bus"), (unsigned)xml_attr_number(address, "slot"),
		(unsigned)xml_attr_number(address, "function"));
}
