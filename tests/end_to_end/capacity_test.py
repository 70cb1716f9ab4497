"""The capacity search against a server whose capacity is known: the answer encloses it, and every step is told."""

import asyncio
import threading

from harness import *

CAPACITY = 260  # requests per second
STALL_S = 0.1   # a server that its machine held up for longer had less capacity than that
SCENARIO = """
tidegate: 1
name: capacity
stack: {base_url: "@URL@"}
flows: {a: [{get: /x, name: x, timeout: 10s}]}
load:
  l: {executor: capacity-search, start_rate: 100/s, max_rate: @CAP@/s, gates: [fast], settle: 1s, measure: 2s, confirm: 4s,
      precision: 20%, max_vus: 2000, graceful_stop: 2s}
phases: {search: {for: 60s}}
gates: {fast: {expect: "p95(response_time) < 200ms", confidence: none}}
outputs: {prometheus: {listen: "127.0.0.1:0"}}
"""


class Paced:
    """Answers one request after the other, CAPACITY a second, however many wait; `latest_s`: it was late once, by so much."""

    def __init__(self):
        self.loop, self.ready, self.next, self.latest_s = asyncio.new_event_loop(), threading.Event(), 0.0, 0.0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    def serve(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.talk, "127.0.0.1", 0, backlog=2000))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()

    async def talk(self, reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.next = max(self.next, self.loop.time()) + 1 / CAPACITY
                due = self.next
                await asyncio.sleep(due - self.loop.time())
                self.latest_s = max(self.latest_s, self.loop.time() - due)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


class Capacity(EndToEnd):
    def search(self, cap):
        for attempt in range(3):
            server = Paced()
            self.addCleanup(server.stop)
            text = SCENARIO.replace("@URL@", f"http://127.0.0.1:{server.port}").replace("@CAP@", str(cap))
            self.out = self.out.with_name(f"search-{attempt}")
            done = run("run", self.scenario(text), "--out", self.out)
            if server.latest_s < STALL_S:
                break
            print(f"the machine held the server up for {server.latest_s:.2f} s", file=sys.stderr)
        events = [event for event in self.events() if "event" in event]
        steps = [event for event in events if event["event"] == "capacity_step"]
        found = [event for event in events if event["event"] == "capacity_found"]
        self.assertEqual(len(found), 1, str(done))
        return done, steps, found[0]

    def test_the_answer_encloses_the_capacity(self):
        done, steps, found = self.search(800)
        self.assertTrue(found["confirmed"], str(done))
        self.assertLess(found["holds"], CAPACITY)
        self.assertGreater(found["breaks"], CAPACITY)
        self.assertLessEqual(found["breaks"] - found["holds"], 0.2 * found["holds"] + 1)
        self.assertFalse(found["generator_limit"])
        self.assertEqual([step["rate"] for step in steps[:3]], [100, 200, 400])
        for step in steps:
            self.assertEqual(step["outcome"], "holds" if step["rate"] < CAPACITY else "breaks", step)
            if step["rate"] < CAPACITY:
                self.assertAlmostEqual(step["achieved_per_s"], step["rate"], delta=0.05 * step["rate"])
                self.assertLess(step["p99_s"], 0.2)
            else:
                self.assertGreater(step["p99_s"], 0.2)
        answer = {key: found.get(key) for key in ("block", "holds", "breaks", "confirmed", "generator_limit")}
        self.assertEqual(self.verdict()["capacity"], [answer])
        # The run is judged where the answer was confirmed, and there the gate holds.
        self.assert_says(done, PASS, f"capacity of l: {found['holds']:g}/s; broke at {found['breaks']:g}/s")
        self.assertIn('"confirming":true', (self.out / "report.html").read_text())

    def test_a_cap_that_holds_is_the_lower_end(self):
        done, _, found = self.search(200)
        self.assertEqual((found["holds"], found["confirmed"], found.get("breaks")), (200, True, None), str(done))
        self.assert_says(done, PASS, "the cap held")


if __name__ == "__main__":
    main()
