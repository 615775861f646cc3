#include "views/env.h"

#include <stdarg.h>

#define NOTICE_US 8000000

void
env_notice(struct env *env, enum role role, const char *format, ...)
{
	va_list args;

	env_notice_drop(env);
	va_start(args, format);
	env->notice.text = g_strdup_vprintf(format, args);
	va_end(args);
	env->notice.role = role;
	env->notice.until_us = env->now_us + NOTICE_US;
}

void
env_notice_drop(struct env *env)
{
	g_clear_pointer(&env->notice.text, g_free);
}

const char *
env_dot(const struct env *env)
{
	return env->row.ascii ? " | " : " · ";
}
