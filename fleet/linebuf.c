#include "fleet/linebuf.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define REMARK_ROOM 100 /* how much room there must be again before the gap is told */

void
linebuf_init(struct linebuf *buf)
{
	*buf = (struct linebuf){ .bytes = g_byte_array_new() };
}

void
linebuf_done(struct linebuf *buf)
{
	g_byte_array_unref(buf->bytes);
}

void
linebuf_put(struct linebuf *buf, const char *bytes, size_t n)
{
	g_autofree char *gap = NULL;

	if (buf->bytes->len + n + REMARK_ROOM > LINEBUF_MOST) {
		buf->left_out += n;
		return;
	}
	if (buf->left_out) {
		gap = g_strdup_printf("\r\n\033[0;7m %zu bytes are missing here: they came faster than they "
				      "could be shown \033[0m\r\n",
			buf->left_out);
		g_byte_array_append(buf->bytes, (const guint8 *)gap, (guint)strlen(gap));
		buf->left_out = 0;
	}
	g_byte_array_append(buf->bytes, (const guint8 *)bytes, (guint)n);
}

bool
linebuf_flush(struct linebuf *buf, int fd)
{
	while (buf->bytes->len > 0) {
		ssize_t n = send(fd, buf->bytes->data, buf->bytes->len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		g_byte_array_remove_range(buf->bytes, 0, (guint)n);
	}
	return true;
}
