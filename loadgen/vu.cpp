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

void Vu::interrupt() {
  interrupted = true;
  for (const auto& branch : branches) branch->interrupt();
  // One that waits for its branches is woken by the last of them.
  if (waiting_for == Waiting::io || waiting_for == Waiting::sleep) wake(Wake::interrupted);
}

Connection* Vu::take_own_connection() noexcept {
  while (own_connections != nullptr) {
    Connection* const connection = own_connections;
    own_connections = std::exchange(connection->next_own, nullptr);
    if (connection->fresh()) return connection;
    connection->close();
    loop.pool().give_back(*connection);
  }
  return nullptr;
}

void Vu::keep_own_connection(Connection& connection) noexcept {
  ConnectionPool::settle(connection);
  connection.next_own = std::exchange(own_connections, &connection);
}

void Vu::drop_own_connections() noexcept {
  while (Connection* connection = take_own_connection()) {
    connection->close();
    loop.pool().give_back(*connection);
  }
}

RenderScope Vu::scope() {
  return {loop.runtime().plan,
          loop.runtime().setup,
          &block,
          iteration,
          rows,
          captures,
          now_ms,
          loop_turn,
          nullptr,
          kept.empty() ? nullptr : &kept};
}

std::uint32_t Vu::operation_player() {
  if (!player) player = loop.next_operation_player();
  return *player;
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
  kept.reset(runtime.plan.kept_cells);
  captures.resize(flow->captures);
  for (Value& value : captures) value.set = false;
  step_ends.assign(flow->steps.size(), intended_start);
  loops.resize(flow->loops);
  held.resize(flow->held);
  loop_turn = 0;
  now_ms.reset();
  if (block.cookies == Cookies::off) return;
  if (!own_cookies) own_cookies = std::make_unique<CookieJar>();
  if (block.cookies == Cookies::iteration) own_cookies->clear();
  cookies = own_cookies.get();
}

void Vu::end_branch() {
  if (--running_branches > 0 || waiting_for != Waiting::branches) return;
  waiting_for = Waiting::sleep;
  loop.sleeps().push(loop.now(), this, sleep_ticket);
}

void Vu::branch_off(Vu& from) {
  parent = &from;
  number = from.number;
  iteration = from.iteration;
  due = from.due;
  flow = from.flow;
  flow_place = from.flow_place;
  step_place = from.step_place;
  rows = from.rows;
  kept.reset(loop.runtime().plan.kept_cells);
  captures = from.captures;
  step_ends = from.step_ends;
  loops = from.loops;
  loop_turn = from.loop_turn;
  now_ms.reset();
  cookies = from.cookies;
  interrupted = from.interrupted;
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

void WaitBranches::await_suspend(std::coroutine_handle<> awaiter) {
  vu.waiting = awaiter;
  vu.waiting_for = Vu::Waiting::branches;
}

void Park::await_suspend(std::coroutine_handle<> awaiter) {
  vu.waiting = awaiter;
  vu.waiting_for = Vu::Waiting::parked;
  vu.loop.player(vu.block.index).park(vu);
}

}  // namespace tidegate::loadgen
