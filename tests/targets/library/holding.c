// Holds what it is given, in a static variable and in one of each thread's.
static void* volatile held;
static _Thread_local void* volatile held_by_thread;

void hold(void* block) { held = block; }
void hold_by_thread(void* block) { held_by_thread = block; }
