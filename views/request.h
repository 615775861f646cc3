/*
 * request: everything a key, a click or a `:` command can ask for, by name. Verbs follow after REQ_COUNT, in the
 * registry's order.
 */
#pragma once

#include <stdbool.h>

/* _(ENUM, "name: after `:` and in the config's keys", "help") */
#define REQUESTS(_)                                                                           \
	_(DOWN, "down", "Move down one row")                                                  \
	_(UP, "up", "Move up one row")                                                        \
	_(PAGE_DOWN, "page-down", "Move down one page")                                       \
	_(PAGE_UP, "page-up", "Move up one page")                                             \
	_(FIRST, "first", "Go to the first row, and stay at the top")                         \
	_(LAST, "last", "Go to the last row")                                                 \
	_(LEFT, "left", "Scroll columns to the left")                                         \
	_(RIGHT, "right", "Scroll columns to the right")                                      \
	_(OPEN, "open", "Open what the cursor is on")                                         \
	_(BACK, "back", "Back out one layer: range, marks, filter, view")                     \
	_(PULSE, "pulse", "The whole fleet on one screen")                                    \
	_(HOSTS, "hosts", "A row per host")                                                   \
	_(VMS, "vms", "A row per VM over all hosts")                                          \
	_(GROUPS, "groups", "A row per tenant, site, tag, hypervisor, state, label ...")      \
	_(MAP, "map", "A heat map: a cell per host or VM")                                     \
	_(JOBS, "jobs", "What virt-fleet does and has done: queued, running, failed, done")    \
	_(EVENTS, "events", "What happened, the newest first")                                \
	_(JOURNAL, "journal", "Who did what, as it was written down")                         \
	_(FILTER, "filter", "Filter rows by a query: web cpu>80 !tag=prod")       \
	_(FAULTS, "faults", "Only rows that deserve attention")                               \
	_(COMMAND, "command", "Type a command; Tab completes")                                \
	_(SORT_LEFT, "sort-left", "Sort by the column to the left")                           \
	_(SORT_RIGHT, "sort-right", "Sort by the column to the right")                        \
	_(SORT_INVERT, "sort-invert", "Turn the sort order around")                           \
	_(WIDE, "wide", "More columns")                                                       \
	_(GROUP_BY, "group-by", "Group VMs by the next thing: tenant, site, tag ...")         \
	_(TREE, "tree", "Hosts with their VMs below them, or plain rows again")               \
	_(UNFOLD, "unfold", "Show the rows of the group")                                     \
	_(FOLD, "fold", "Hide the rows of the group")                                         \
	_(UNFOLD_ALL, "unfold-all", "Show the rows of all groups")                            \
	_(FOLD_ALL, "fold-all", "Hide the rows of all groups")                                \
	_(MEASURE, "measure", "Colour the map by the next measure")                           \
	_(CELLS, "cells", "A map of hosts, or of VMs")                                        \
	_(NEXT_BLOCK, "next-block", "Go to the next block, list or group")                           \
	_(PREVIOUS_BLOCK, "previous-block", "Go to the one before")                           \
	_(SPAN, "span", "Histories over 1 minute, 15 minutes, 1 hour")                        \
	_(XML, "xml", "The VM's XML, as its host tells it")                                   \
	_(COPY, "copy", "Copy the XML, or the plan, to the clipboard of this terminal")                     \
	_(NEXT_MATCH, "next-match", "Go to the next line that matches")                       \
	_(PREVIOUS_MATCH, "previous-match", "Go to the matching line before")                 \
	_(VIEWER, "viewer", "Copy the line that shows the VM's screen: virt-viewer ...")       \
	_(TUNNEL, "tunnel", "Copy the line that leads to its screen's port: ssh -L ...")      \
	_(RECONNECT, "reconnect", "Connect to the VM's console again")                        \
	_(TAKE_OVER, "take-over", "Take the VM's console over from whoever has it")           \
	_(SEND_ESCAPE, "send-escape", "Type Ctrl-] on the VM's console")                      \
	_(SEND_SIZE, "send-size", "Type stty with this screen's size on the VM's console")    \
	_(MENU, "menu", "The verbs for the marked rows, or the one under the cursor")          \
	_(PLAN, "plan", "Advice: which VMs to move, numbered, before they move")               \
	_(MAINTENANCE, "toggle-maintenance", "Take the host out of service, or release it")    \
	_(RETURN, "return", "Plan to bring back the VMs that were moved away from the host")   \
	_(EVEN, "even-out", "Plan to make hosts of the same site equally full")                \
	_(REPLAN, "plan-anew", "Make the plan anew from what is so now")                       \
	_(MOVE_OFFLINE, "move-offline", "Move only the definition, of VMs that are off")       \
	_(MOVE_COPY, "move-copy", "Copy the storage along: none, all, what a base there lacks") \
	_(MOVE_POSTCOPY, "move-postcopy", "Let VMs run there as soon as memory was copied once") \
	_(MOVE_AUTOCONVERGE, "move-autoconverge", "Slow VMs down until their move gets done")  \
	_(MOVE_COMPRESS, "move-compress", "Compress memory on its way")                        \
	_(MOVE_BANDWIDTH, "move-bandwidth", "How much a move may copy in a second")            \
	_(MOVE_DOWNTIME, "move-downtime", "For how long a VM may stand still at the end")      \
	_(MOVE_TLS, "move-tls", "Encrypt what flows between the hosts")                        \
	_(MOVE_P2P, "move-p2p", "Let the source's daemon do it")                               \
	_(MARK, "mark", "Mark the row and move on")                                           \
	_(RANGE, "range", "Begin a range of marks; again: end it")                            \
	_(INVERT, "invert", "Invert the marks of the rows shown")                             \
	_(UNMARK, "unmark", "Clear all marks")                                                \
	_(PIN_ROW, "pin-row", "All CPUs for the thread, or none of them")                     \
	_(PIN_COLUMN, "pin-column", "The CPU for all threads, or for none")                   \
	_(PIN_CELL, "pin-cell", "All CPUs of the NUMA cell, or none of them")                 \
	_(TYPE, "type", "Type what the cursor is on, as CPUs: 0-3,8")                         \
	_(PIN_SCOPE, "pin-scope", "Pin live, persistently, or both")                          \
	_(PIN_UNDO, "pin-undo", "Leave the thread as it is")                                  \
	_(PIN_SPREAD, "pin-spread", "Each vCPU on a CPU of its own, far apart")               \
	_(PIN_PACK, "pin-pack", "All vCPUs on one NUMA cell")                                 \
	_(PIN_ISOLATE, "pin-isolate", "Each vCPU on a CPU that no other VM is pinned to")     \
	_(PIN_FREE, "pin-free", "Every vCPU on every CPU")                                    \
	_(FOLLOW, "follow", "Follow this VM, to other hosts too")                             \
	_(FREEZE, "freeze", "Freeze the screen; again: go on")                                \
	_(REFRESH, "refresh", "Ask all hosts now")                                            \
	_(REDRAW, "redraw", "Draw the whole screen again")                                    \
	_(CANCEL, "cancel", "Cancel the job, or the marked ones; a shutdown is no longer waited for")         \
	_(CANCEL_BATCH, "cancel-batch", "Cancel all jobs of its batch")                       \
	_(RETRY, "retry", "Do again what failed: the marked jobs, else of the newest batch")  \
	_(PAUSE, "pause", "Pause the queue of jobs; again: go on")                            \
	_(FORCE, "force", "Force off the VMs that did not shut down in time")                 \
	_(ANSWER, "answer", "Answer the open questions: host keys, passphrases")              \
	_(HELP, "help", "Keys, commands and columns")                                         \
	_(QUIT, "quit", "Quit; asks while something is under way")

enum request {
#define REQUEST_ENUM(id, name, help) REQ_##id,
	REQUESTS(REQUEST_ENUM)
#undef REQUEST_ENUM
		REQ_COUNT
};

struct action;

/* The request or verb called NAME, or KEYMAP_NONE. READONLY: there are no verbs. */
int request_by_name(bool readonly, const char *name);
const char *request_name(int request); /* of verbs, too */
const char *request_help(int request);
/* The verb behind REQUEST, or NULL. */
const struct action *request_action(int request);
/* REQ_COUNT plus the number of verbs: one more than the highest request. */
int request_limit(bool readonly);
