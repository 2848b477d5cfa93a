-- SPDX-License-Identifier: MIT
-- POST /v1/analyze, the photo as the part `file` of a form, as browsers send it.
--
--   wrk -t2 -c8 -d30s --latency -s bench/wrk/multipart.lua URL -- a.jpg b.png
package.path = (debug.getinfo(1).source:match("@(.*/)") or "") ..
    "lib/?.lua;" .. package.path
local photos = require("photos")
local boundary = "aha-bench-boundary"

function init(args)
    photos.read(args)
end

function request()
    local photo = photos.next()
    local body = "--" .. boundary .. "\r\n" ..
        'Content-Disposition: form-data; name="file"; filename="' ..
        photo.name .. '"\r\nContent-Type: ' .. photo.media_type ..
        "\r\n\r\n" .. photo.bytes .. "\r\n--" .. boundary .. "--\r\n"
    return wrk.format("POST", "/v1/analyze",
        photos.headers("multipart/form-data; boundary=" .. boundary), body)
end
