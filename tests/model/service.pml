// SPDX-License-Identifier: MIT
/*
 * service.pml - the pool, the hand-over of jobs and the reload of weights, for
 * the model checker Spin: every interleaving of two workers, two requests
 * (or more) of up to two photos, a reload and the stop, whenever it comes.
 *
 *   server/pool.c       waiting, prepared, is_closed under one mutex; changed
 *   server/worker.c     worker(), watch()
 *   server/handlers/answer.c, analyze.c, server/http.c   request()
 *   server/models.c     acquire, release, reload()
 *
 * What it proves (`make model`): no state in which somebody waits for ever,
 * each photo worked on once, each request answered once and only while its
 * connection is suspended, no weights used after they are freed, none left.
 * Two planted faults (-DSLEEPS_THROUGH_STOP, -DRELEASES_TWICE) must be found.
 */
#define N_WORKERS   2
#ifndef N_REQUESTS
#define N_REQUESTS  2
#endif
#define N_MODELS    2
#define MAX_WAITING 2
#define PHOTOS(job) (1 + (job) % 2)

mtype = { NOTHING, PREPARE, INFER };

/*
 * What holds a mutex is one atomic step here; a process that blocks within one
 * gives it up, as pthread_cond_wait does.
 */
byte sleepers; /* in wait, not woken */
byte wakes;    /* woken, not yet running */

inline signal() { if :: sleepers > 0 -> sleepers--; wakes++ :: else fi }
inline broadcast() {
#ifndef SLEEPS_THROUGH_STOP
    wakes = wakes + sleepers;
    sleepers = 0
#else
    skip
#endif
}
inline wait() { sleepers++; wakes > 0 -> wakes-- }

/* ---- the pool: tasks by the number of their job */
chan waiting = [MAX_WAITING] of { byte };
chan prepared = [2 * N_REQUESTS] of { byte };
bit is_closed;

/* ---- jobs */
byte n_left[N_REQUESTS];
byte references[N_REQUESTS];
byte model_of[N_REQUESTS];
byte worked[N_REQUESTS];  /* photos */
byte answers[N_REQUESTS];
bit is_suspended[N_REQUESTS];
byte n_open = N_REQUESTS; /* requests without an answer */

/* ---- weights */
byte current;
byte users[N_MODELS];
bit is_freed[N_MODELS];

inline release_model(m) {
    atomic {
        assert(users[m] > 0);
        users[m]--;
        if :: users[m] == 0 -> is_freed[m] = 1 :: else fi
    }
}

inline release_job(j) {
    atomic {
        assert(references[j] > 0);
        references[j]--;
        if
        :: references[j] == 0 -> release_model(model_of[j])
        :: else
        fi
    }
}

/* The last task of a job answers it and lets its connection go on. */
inline finish(j) {
    atomic { n_left[j]--; is_last = (n_left[j] == 0) };
    if
    :: is_last ->
        atomic {
            assert(!is_freed[model_of[j]]);
            assert(is_suspended[j]);
            answers[j]++;
            is_suspended[j] = 0
        }
    :: else
    fi;
    release_job(j)
}

proctype worker() {
    byte job;
    mtype what;
    bit is_last;

    do
    ::  atomic {
            what = NOTHING;
            do
            :: len(prepared) > 0 -> prepared ? job; what = INFER; break
            :: len(prepared) == 0 && len(waiting) > 0 ->
                waiting ? job; what = PREPARE; break
            :: len(prepared) + len(waiting) == 0 && is_closed -> break
            :: len(prepared) + len(waiting) == 0 && !is_closed -> wait()
            od;
            if
            :: what != NOTHING && len(prepared) > 0 -> signal()
            :: else
            fi
        };
        if
        :: what == PREPARE ->
            assert(!is_freed[model_of[job]]);
            if
            ::  atomic { prepared ! job; signal() } /* a face was found */
            ::  atomic { worked[job]++ }; /* broken, late, its client left */
                finish(job)
            fi
        :: what == INFER ->
            atomic { assert(!is_freed[model_of[job]]); worked[job]++ };
            finish(job)
        :: what == NOTHING -> break
        fi
    od
}

/* Main, which answers what waits past its deadline, at whatever moment. */
proctype watch() {
    byte job;
    bit is_last;

    do
    ::  atomic { len(waiting) > 0 -> waiting ? job; worked[job]++ };
        finish(job)
    ::  atomic { len(prepared) > 0 -> prepared ? job; worked[job]++ };
        finish(job)
    ::  is_closed -> break
    od
}

/* One connection's request, on the thread of libmicrohttpd. */
proctype request(byte job) {
    byte i;
    bit is_taken;

    atomic { model_of[job] = current; users[current]++ };
    atomic {
        is_suspended[job] = 1;
        references[job] = 1 + PHOTOS(job);
        n_left[job] = PHOTOS(job)
    };
    atomic {
        is_taken = !is_closed && PHOTOS(job) <= MAX_WAITING - len(waiting);
        do
        :: is_taken && i < PHOTOS(job) -> waiting ! job; signal(); i++
        :: !is_taken || i == PHOTOS(job) -> i = 0; break
        od
    };
    if
    :: !is_taken -> /* nobody else knows the job */
        do
        :: i < PHOTOS(job) -> n_left[job]--; release_job(job); i++
        :: i == PHOTOS(job) -> break
        od;
        atomic { answers[job]++; is_suspended[job] = 0 }
    :: else
    fi;
    !is_suspended[job]; /* resumed */
    assert(answers[job] == 1);
    assert(!is_taken || worked[job] == PHOTOS(job));
    release_job(job);
    n_open--
}

proctype reload() {
    byte old;

    users[1] = 1; /* loaded before anybody is kept waiting */
    atomic { old = current; current = 1 };
    release_model(old);
#ifdef RELEASES_TWICE
    release_model(old)
#endif
}

init {
    byte i;

    users[0] = 1;
    atomic {
        i = 0;
        do
        :: i < N_WORKERS -> run worker(); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < N_REQUESTS -> run request(i); i++
        :: else -> break
        od;
        run watch();
        run reload()
    };
    /* Stopped when all are answered, or at any moment before. */
    atomic { is_closed = 1; broadcast() };
    _nr_pr == 1;
    assert(n_open == 0 && len(waiting) == 0 && len(prepared) == 0);
    release_model(current);
    assert(is_freed[0] && is_freed[1])
}
