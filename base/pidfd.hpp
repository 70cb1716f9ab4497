#pragma once
// <sys/pidfd.h> for C++: glibc 2.36's lacks its own extern "C".

#include <fcntl.h>
#include <signal.h>

extern "C" {
#include <sys/pidfd.h>
}
