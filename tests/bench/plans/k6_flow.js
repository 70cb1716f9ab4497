// The flow of flow.yaml, as k6 has it.
import { check } from 'k6';
import http from 'k6/http';
export const options = {vus: Number(__ENV.VUS), duration: `${__ENV.SECONDS}s`, discardResponseBodies: true};
function int(lowest, highest) {
  return lowest + Math.floor(Math.random() * (highest - lowest + 1));
}
export default function () {
  const payment = {amount: int(100, 500000), currency: 'EUR', reference: `order-${int(1, 999999)}`};
  const created = http.post(`${__ENV.URL}v1/payments`, JSON.stringify(payment), {
    headers: {'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID()},
    tags: {name: 'create'},
    responseType: 'text',
  });
  const {id, status} = created.json();
  check(status, {processing: (it) => it === 'processing'});
  http.get(`${__ENV.URL}v1/payments/${id}`, {tags: {name: 'read'}});
  http.get(`${__ENV.URL}v1/states/${status}`, {tags: {name: 'state'}});
}
