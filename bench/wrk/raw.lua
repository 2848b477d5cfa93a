-- SPDX-License-Identifier: MIT
-- POST /v1/analyze, the photo as the body; photos of any sizes in turn.
--
--   wrk -t2 -c8 -d30s --latency -s bench/wrk/raw.lua URL -- a.jpg b.png
package.path = (debug.getinfo(1).source:match("@(.*/)") or "") ..
    "lib/?.lua;" .. package.path
local photos = require("photos")

function init(args)
    photos.read(args)
end

function request()
    local photo = photos.next()
    return wrk.format("POST", "/v1/analyze",
        photos.headers(photo.media_type), photo.bytes)
end
