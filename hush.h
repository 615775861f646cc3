/* hush: keeps what libraries say on stderr away from the screen until that is gone. */
#pragma once

/* Returns the real stderr for hush_end(), or -1 when it is no terminal anyway, or can't be replaced. Before the first thread that
 * may write there. */
int hush_begin(void);
/* REAL is stderr again, and is told what was said meanwhile – its first 64 KiB, nothing in it that could do something to a
 * terminal. */
void hush_end(int real);
