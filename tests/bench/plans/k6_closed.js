import http from 'k6/http';
export const options = {vus: Number(__ENV.VUS), duration: `${__ENV.SECONDS}s`, discardResponseBodies: true};
export default function () {
  http.get(__ENV.URL);
}
