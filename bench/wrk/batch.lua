-- SPDX-License-Identifier: MIT
-- POST /v1/batch: all the photos in one request.
--
--   wrk -t1 -c2 -d30s --latency -s bench/wrk/batch.lua URL -- a.jpg b.png
package.path = (debug.getinfo(1).source:match("@(.*/)") or "") ..
    "lib/?.lua;" .. package.path
local photos = require("photos")
local boundary = "aha-bench-boundary"
local body = {}

function init(args)
    photos.read(args)
    for _, photo in ipairs(photos.all()) do
        body[#body + 1] = "--" .. boundary .. "\r\n" ..
            'Content-Disposition: form-data; name="file"; filename="' ..
            photo.name .. '"\r\nContent-Type: ' .. photo.media_type ..
            "\r\n\r\n" .. photo.bytes .. "\r\n"
    end
    body = table.concat(body) .. "--" .. boundary .. "--\r\n"
end

function request()
    return wrk.format("POST", "/v1/batch",
        photos.headers("multipart/form-data; boundary=" .. boundary), body)
end
