/* The one program of the ghcr.io/actions/hello-world stand-in. */
#include <unistd.h>

static const char text[] =
    "Hello from the lab's stand-in for ghcr.io/actions/hello-world!\n";

int main(void) {
    return write(STDOUT_FILENO, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1;
}
