// SPDX-License-Identifier: MIT
#include "server/handlers/picture.h"

#include "aha/picture.h"

#include "server/handlers/answer.h"
#include "server/models.h"
#include "server/server.h"

enum { MAX_SIDE = 2048 }; /* px, of the picture */

static enum aha_picture_format format_of(enum media media)
{
    return media == MEDIA_PNG    ? AHA_PICTURE_PNG
           : media == MEDIA_WEBP ? AHA_PICTURE_WEBP
                                 : AHA_PICTURE_SVG;
}

void picture_answer(struct job *job, struct task *task)
{
    struct aha_error err = {AHA_OK, ""};
    void *bytes = NULL;
    size_t n = 0;

    if (aha_picture_make(task->upload.bytes, task->upload.n_bytes,
                         &task->analysis, model_info(job->model),
                         format_of(job->media), MAX_SIDE, &bytes, &n,
                         &err) != AHA_OK) {
        answer_blame(job, &job->failure, &err);
    }
    upload_drop(&task->upload);
    job->reply = bytes;
    job->n_reply = n;
    job->content_type = media_name(job->media);
}
