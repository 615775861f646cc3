/* thread: manners of threads. */
#pragma once

/* The calling thread works behind the screen from now on: when there is too little CPU for all, the thread that answers keys
 * comes first. */
void thread_stand_back(void);
