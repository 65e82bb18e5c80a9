/* Commands as they come: bytes in the receive interrupt, whole commands in the main loop. */
#ifndef PROTOCOL_CONSOLE_H
#define PROTOCOL_CONSOLE_H
#ifndef COMMAND_SIZE
#define COMMAND_SIZE 80 /* with the closing zero */
#endif
#define COMMAND_END '%'
/* Sleep until a whole command has come and put it, without its end mark, into `command`.
 * What does not fit is dropped, so that a long line never harms. */
void console_wait_command(char command[COMMAND_SIZE]);

#endif
