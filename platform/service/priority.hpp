#pragma once
// Whoever answers clients goes first. On a machine that is full, a payment that is processed a second later is a lag
// that drains; an acknowledgement that comes a second later is a timeout, a retry, and more load.

namespace tidegate::platform {

/// For a process that works behind the acknowledgements: it takes the processor's time that others leave (nice 12, also
/// in its session's autogroup, where Linux shares out by sessions). Before any other thread is started.
void stand_back();

/// The same for the calling thread and those that it starts, within its process.
void stand_back_in_process();

}  // namespace tidegate::platform
