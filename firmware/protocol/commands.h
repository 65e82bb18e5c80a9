/* The benchmark's commands, and a few of our own (raw, layers). */
#ifndef PROTOCOL_COMMANDS_H
#define PROTOCOL_COMMANDS_H

/* What a device says when it has started. */
void commands_greet(void);

/* Do one command and answer up to m-ready. `command` is taken apart in place. */
void commands_run(char *command);

#endif
