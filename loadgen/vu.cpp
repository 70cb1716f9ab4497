#include "loadgen/vu.hpp"

#include "loadgen/loop.hpp"

namespace tidegate::loadgen {

void Vu::wake(Wake reason) {
  if (!waiting) return;
  unlink();
  waiting_for = Waiting::nothing;
  woken = reason;
  ++sleep_ticket;
  std::exchange(waiting, {}).resume();
}

RenderScope Vu::scope() const {
  return {loop.runtime().plan, loop.runtime().setup, &block, iteration, rows, captures, now_ms};
}

void Vu::begin(std::uint64_t index, Nanoseconds intended_start) {
  const Runtime& runtime = loop.runtime();
  const FlowShare& share = runtime.plan.flow_of(block, index);
  iteration = index;
  due = intended_start;
  flow = &runtime.plan.flows[share.flow];
  flow_place = runtime.layout.flow_place(block.index, share.flow);
  step_place = runtime.layout.first_step_place(block.index, share.flow);
  rows.resize(runtime.plan.feeders.size());
  for (const std::uint32_t feeder : flow->feeders)
    rows[feeder] = row_of(runtime.plan, runtime.plan.feeders[feeder], block, index);
  captures.resize(flow->captures);
  for (Value& value : captures) value.set = false;
  step_ends.resize(flow->steps.size());
  now_ms.reset();
}

void WaitIo::await_suspend(std::coroutine_handle<> awaiter) {
  vu.waiting = awaiter;
  vu.waiting_for = Vu::Waiting::io;
  vu.loop.deadlines().add(vu, deadline);
}

void SleepUntil::await_suspend(std::coroutine_handle<> awaiter) {
  vu.waiting = awaiter;
  vu.waiting_for = Vu::Waiting::sleep;
  vu.loop.sleeps().push(time, &vu, vu.sleep_ticket);
}

void Park::await_suspend(std::coroutine_handle<> awaiter) {
  vu.waiting = awaiter;
  vu.waiting_for = Vu::Waiting::parked;
  vu.loop.park(vu);
}

}  // namespace tidegate::loadgen
