/*
 * xml: the little that is needed to read libvirt's XML. Nothing is ever loaded from elsewhere, and a document that
 * brings its own entities is refused. Pure; includes no libxml2 header.
 */
#pragma once

#include <glib.h>

struct _xmlDoc;
struct _xmlNode;

/* Parses TEXT, whose root element must be ROOT. NULL with FLEET_ERROR_PROTOCOL. */
struct _xmlDoc *xml_parse(const char *text, size_t len, const char *root, GError **error);
void xml_free(struct _xmlDoc *doc); /* accepts NULL */
struct _xmlNode *xml_root(struct _xmlDoc *doc);

/* The first child element NAME, the next sibling element of the same name, NULL: none. NODE may be NULL. */
struct _xmlNode *xml_child(struct _xmlNode *node, const char *name);
struct _xmlNode *xml_next(struct _xmlNode *node);
size_t xml_count(struct _xmlNode *node, const char *name);

/* An attribute, the text inside; newly allocated, stripped, NULL when missing or empty. NODE may be NULL. */
char *xml_attr(struct _xmlNode *node, const char *name);
char *xml_text(struct _xmlNode *node);

/* NODE with all that is in it, as text; caller frees. */
char *xml_dump(struct _xmlNode *node);

/* What stands at PATH ("owner/project") below NODE: the text of such an element, or its ATTRIBUTE, of the first that has one.
 * The first element of PATH is in NAMESPACE ("*" at its end: whatever it goes on with; NULL: any or none), the others in
 * the same or in none. NULL: nothing; NODE may be NULL. */
char *xml_lookup(struct _xmlNode *node, const char *namespace, const char *path, const char *attribute);

/* The same as a number, decimal or hexadecimal with 0x; 0 when it is none. */
guint64 xml_attr_number(struct _xmlNode *node, const char *name);
guint64 xml_number(struct _xmlNode *node);

gboolean xml_attr_is(struct _xmlNode *node, const char *name, const char *value);

/* "0000:03:00.1" of an <address domain= bus= slot= function=> element; NULL when it has none of them. */
char *xml_pci_address(struct _xmlNode *address);
