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

bool
env_copy(const struct env *env, const char *text, GError **error)
{
	if (env->copy)
		return env->copy(env->copy_ctx, text, error);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no clipboard here");
	return false;
}

const char *
env_dot(const struct env *env)
{
	return env->row.ascii ? " | " : " · ";
}

bool
env_shows(const struct env *env, const struct row_key *key)
{
	return key->is_host ? key->host < env->snap->nhosts : fleet_snap_find_vm(env->snap, key) != NULL;
}

void
env_act(const struct env *env, const struct env_act *act)
{
	if (act->action)
		env->act(env->act_ctx, act);
}
