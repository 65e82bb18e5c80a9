#include "bsp/bsp.h"
#include "protocol/commands.h"
#include "protocol/console.h"

int main(void)
{
    static char command[COMMAND_SIZE];
    bsp_start();
    commands_greet();
    for (;;) {
        console_wait_command(command);
        commands_run(command);
    }
}
