// Work that can wait until the page answers: one piece at a time, between what the reader does. What is printed is
// done before. While some waits the report says that it is busy.

type Task = () => void;

const waiting = new Map<object, Task>();
let asked = false;

function ask(): void {
  const report = document.getElementById("report");
  if (waiting.size === 0) report?.removeAttribute("aria-busy");
  else report?.setAttribute("aria-busy", "true");
  if (asked || waiting.size === 0) return;
  asked = true;
  // Safari has no idle callbacks.
  if (typeof requestIdleCallback === "function") requestIdleCallback(next, { timeout: 500 });
  else setTimeout(next, 16);
}

function take(): void {
  const first = waiting.entries().next();
  if (first.done === true) return;
  const [key, task] = first.value;
  waiting.delete(key);
  task();
}

function next(): void {
  asked = false;
  take();
  ask();
}

/** Replaces what waits under the same key. */
export function later(key: object, task: Task): void {
  waiting.delete(key);
  waiting.set(key, task);
  ask();
}

export function never(key: object): void {
  waiting.delete(key);
}

export function finishNow(): void {
  while (waiting.size > 0) take();
  ask();
}

addEventListener("beforeprint", finishNow);
