/*
 * xmlread: the little that is needed to read libvirt's XML. Nothing is ever loaded from elsewhere, and a document that
 * brings its own entities is refused. Pure; includes no libxml2 header.
 */
#pragma once

#include <glib.h>

struct _xmlDoc;
struct _xmlNode;

/* Parses TEXT, whose root element must be ROOT. NULL with FLEET_ERROR_PROTOCOL. */
struct _xmlDoc *xmlread_parse(const char *text, size_t len, const char *root, GError **error);
void xmlread_free(struct _xmlDoc *doc); /* accepts NULL */
struct _xmlNode *xmlread_root(struct _xmlDoc *doc);

/* The first child element NAME, the next sibling element of the same name, NULL: none. NODE may be NULL. */
struct _xmlNode *xmlread_child(struct _xmlNode *node, const char *name);
struct _xmlNode *xmlread_next(struct _xmlNode *node);
size_t xmlread_count(struct _xmlNode *node, const char *name);

/* An attribute, the text inside; newly allocated, stripped, NULL when missing or empty. NODE may be NULL. */
char *xmlread_attr(struct _xmlNode *node, const char *name);
char *xmlread_text(struct _xmlNode *node);

/* The same as a number, decimal or hexadecimal with 0x; 0 when it is none. */
guint64 xmlread_attr_number(struct _xmlNode *node, const char *name);
guint64 xmlread_number(struct _xmlNode *node);

gboolean xmlread_attr_is(struct _xmlNode *node, const char *name, const char *value);

/* "0000:03:00.1" of an <address domain= bus= slot= function=> element; NULL when it has none of them. */
char *xmlread_pci_address(struct _xmlNode *address);
