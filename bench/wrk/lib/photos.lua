-- SPDX-License-Identifier: MIT
-- What the scripts beside this one share: the photos named behind `--` on wrk's
-- command line, each with its media type, in turn.
local photos = {}

local function media_type(bytes)
    if bytes:sub(1, 2) == "\255\216" then
        return "image/jpeg"
    elseif bytes:sub(2, 4) == "PNG" then
        return "image/png"
    elseif bytes:sub(9, 12) == "WEBP" then
        return "image/webp"
    end
    return "application/octet-stream"
end

local list, at = {}, 0

function photos.read(names)
    for _, name in ipairs(names) do
        local file = assert(io.open(name, "rb"))
        local bytes = file:read("*a")
        file:close()
        list[#list + 1] = {
            name = name:match("[^/]*$"),
            bytes = bytes,
            media_type = media_type(bytes),
        }
    end
    assert(#list > 0, "name photos: wrk ... URL -- PHOTO...")
end

function photos.next()
    at = at % #list + 1
    return list[at]
end

function photos.all()
    return list
end

-- The headers of wrk's command line (-H), and the body's media type.
function photos.headers(media_type)
    local headers = { ["Content-Type"] = media_type }
    for name, value in pairs(wrk.headers) do
        headers[name] = value
    end
    return headers
end

return photos
