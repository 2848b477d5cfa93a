// SPDX-License-Identifier: MIT
// An open loop in k6: RATE requests a second, whether or not they are answered.
//
//   k6 run -e URL=http://localhost:8080 -e PHOTO=photo.jpg -e RATE=5 bench/k6.js
import { check } from "k6";
import http from "k6/http";

const url = __ENV.URL || "http://localhost:8080";
const photo = open(__ENV.PHOTO || "../tests/data/astronaut.jpg", "b");

export const options = {
    scenarios: {
        photos: {
            executor: "constant-arrival-rate",
            rate: Number(__ENV.RATE || 5),
            duration: __ENV.DURATION || "30s",
            preAllocatedVUs: 64,
        },
    },
    thresholds: { "http_req_duration{expected_response:true}": ["p(99)<2000"] },
};

export default function () {
    const answer = http.post(`${url}/v1/analyze`, photo, {
        headers: { "Content-Type": "image/jpeg" },
    });
    check(answer, {
        "answered or refused": (r) => r.status === 200 || r.status === 503,
    });
}
