/* The one program of the hello-world stand-in: says hello and ends. */
#include <unistd.h>

static const char text[] =
    "\n"
    "Hello from Docker!\n"
    "The client asked the daemon to run this image, the daemon fetched it from\n"
    "the lab's registry, and this program is all that the container ran.\n"
    "(The image is the lab's stand-in for hello-world, not the published one.)\n"
    "\n";

int main(void) {
    return write(STDOUT_FILENO, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1;
}
